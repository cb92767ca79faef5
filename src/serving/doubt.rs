//! The words of the alarms that the prober raises about itself: what it saw, what follows, and where to look.
//! When they are raised is the Keeper's matter.

use std::sync::Arc;

use crate::health::Blindness;
use crate::wire::Family;

/// Why the prober does not trust itself.
pub(super) fn of_itself(why: Blindness, family: Family) -> Arc<str> {
    let family = family.name();
    let seen = match why {
        Blindness::NeverHeard => format!("nobody was ever heard over {family}"),
        Blindness::MassChange { silent, of } => format!("{silent} of {of} {family} addresses fell silent together"),
        Blindness::References => format!("no reference answers over {family}"),
    };
    format!("{seen}, so the fault is probably here: verdicts stay, failures do not count; look after this machine's network")
        .into()
}

/// Why the references are not believed.
pub(super) fn of_references(family: Family) -> Arc<str> {
    let family = family.name();
    format!("no reference answers over {family} though endpoints do, so they count for nothing; look after \"references\"").into()
}
