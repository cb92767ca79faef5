//! The tables to draw from: members with cumulated weights, of which some may get a share only.
//! Shares are reckoned here, when a table is made; a query draws from plain numbers.

use super::Share;

/// Members with cumulated weights: a draw of r in `0..sum` finds the first whose end is over r.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    ends: Box<[(u32, u16)]>,
}

impl Draw {
    /// A table of members with weights, of which they get these shares; what gets nothing is left out.
    pub(super) fn new(members: impl Iterator<Item = (u16, u32, Share)> + Clone) -> Self {
        // Where all get their whole weight, draws are told in the weights that the operator wrote.
        let whole = members.clone().all(|(_, _, share)| !share.is_partial());
        let unit = |share: Share| if whole { u64::from(share > Share::NONE) } else { u64::from(share.parts()) };
        let scaled = members.map(|(member, weight, share)| (member, u64::from(weight) * unit(share)));
        let sum: u64 = scaled.clone().map(|(_, weight)| weight).sum();
        // Weights that operators order may sum to more than the configuration allows.
        let divisor = sum / u64::from(u32::MAX / 2) + 1;
        let mut end = 0_u32;
        let cumulate = |(member, weight): (u16, u64)| {
            end = end.saturating_add(u32::try_from((weight / divisor).max(1)).unwrap_or(u32::MAX));
            (end, member)
        };
        Self { ends: scaled.filter(|(_, weight)| *weight > 0).map(cumulate).collect() }
    }

    /// The sum of all weights.
    pub fn sum(&self) -> u32 {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    /// The member that a draw of `r` in `0..sum` falls to.
    pub fn pick(&self, r: u32) -> Option<u16> {
        self.ends.iter().find(|(end, _)| r < *end).map(|(_, member)| *member)
    }

    /// The members with their weights.
    pub fn members(&self) -> impl Iterator<Item = (u16, u32)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        self.ends.iter().zip(starts).map(|((end, member), start)| (*member, end - start))
    }

    /// Whether this member may be drawn.
    pub fn contains(&self, member: u16) -> bool {
        self.ends.iter().any(|(_, candidate)| *candidate == member)
    }

    /// The only member, if there are no others.
    pub fn only(&self) -> Option<u16> {
        match *self.ends {
            [(_, member)] => Some(member),
            _ => None,
        }
    }

    /// Whether there is nobody to draw.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}
