//! What the visitor is told: how the edges stand, which of them answers for whom, and what happened.
//!
//! It is fed with verdicts and answers that others fetched, and knows neither sockets nor clocks. `screen.rs` shows it.

use std::collections::VecDeque;
use std::time::Duration;

use super::places::{CLIENTS, EDGES, PLACES};
use crate::health::{Standing, Verdict};

/// Rounds of queries that make a share.
pub(super) const ROUNDS: usize = 10;
/// Events kept; the screen shows the last of them.
const EVENTS_MAX: usize = 32;
/// What changes later than this has nothing to do with the last key.
const KEY_MATTERS: Duration = Duration::from_secs(15);

/// How many of the last queries each edge was the answer to.
pub(super) type Shares = [usize; EDGES.len()];

/// All that the screen shows. Times count from the start of the server.
#[derive(Debug, Default)]
pub(super) struct Board {
    standings: [(Verdict, Duration); EDGES.len()],
    answers: [Answers; CLIENTS.len()],
    events: VecDeque<(Duration, String)>,
    /// How many events there have been.
    pub(super) noted: usize,
    pub(super) asked: usize,
    pub(super) unanswered: usize,
    last_key: Option<Duration>,
}

/// The answers for one client's network.
#[derive(Debug, Default)]
struct Answers {
    rounds: VecDeque<Shares>,
    /// The place of the last round.
    place: Option<usize>,
}

impl Board {
    /// Notes what the visitor did.
    pub(super) fn note_key(&mut self, now: Duration, text: String) {
        self.last_key = Some(now);
        self.note(now, text);
    }

    /// Takes the verdicts as they are.
    pub(super) fn take_standings(&mut self, now: Duration, standings: &[Option<Standing>]) {
        let before = self.standings.map(|(verdict, _)| verdict);
        for (index, (edge, standing)) in EDGES.iter().zip(standings).enumerate() {
            let (Some(standing), Some(shown)) = (standing, self.standings.get_mut(index)) else { continue };
            let (verdict_before, _) = std::mem::replace(shown, (standing.verdict, standing.since));
            match (verdict_before, standing.verdict) {
                // At the start nothing has changed.
                (Verdict::Unknown, _) => {}
                (Verdict::Up, Verdict::Down) => {
                    let reason = standing.last_error.as_ref().map_or("no reason", |(_, reason)| reason);
                    self.note(now, format!("{} is down: {reason}", edge.name));
                }
                (Verdict::Down, Verdict::Up) => self.note(now, format!("{} is up", edge.name)),
                (Verdict::Up | Verdict::Down, _) => {}
            }
        }
        let after = self.standings.map(|(verdict, _)| verdict);
        if before != after && after == [Verdict::Down; EDGES.len()] {
            self.note(now, "nothing is up: answers go on, as if everything were".to_owned());
        }
    }

    /// Takes a round of answers for one client, as edges, out of so many queries.
    pub(super) fn take_answers(&mut self, now: Duration, client: usize, edges: &[usize], asked: usize) {
        self.asked += asked;
        self.unanswered += asked.saturating_sub(edges.len());
        let mut round = Shares::default();
        edges.iter().filter_map(|&edge| round.get_mut(edge).map(|count| *count += 1)).for_each(drop);
        let place = (0..PLACES.len()).find(|&place| by_place(&round, place) * 2 > edges.len());
        let Some(answers) = self.answers.get_mut(client) else { return };
        answers.rounds.push_back(round);
        if answers.rounds.len() > ROUNDS {
            answers.rounds.pop_front();
        }
        let before = answers.place;
        answers.place = place.or(before);
        if let (Some(before), Some(place), true) = (before, place, place != before) {
            self.note_move(now, client, before, place);
        }
    }

    fn note_move(&mut self, now: Duration, client: usize, before: usize, place: usize) {
        let name = |place: usize| PLACES.get(place).copied().unwrap_or_default();
        let city = CLIENTS.get(client).map(|client| client.city).unwrap_or_default();
        let since_key = self.last_key.map(|key| now.saturating_sub(key)).filter(|since| *since < KEY_MATTERS);
        let after = since_key.map(|since| format!(", {:.1} s after the key", since.as_secs_f64())).unwrap_or_default();
        self.note(now, format!("{city} is sent to {} instead of {}{after}", name(place), name(before)));
    }

    fn note(&mut self, now: Duration, text: String) {
        self.noted += 1;
        self.events.push_back((now, text));
        if self.events.len() > EVENTS_MAX {
            self.events.pop_front();
        }
    }

    /// The verdict of an edge, and since when it holds.
    pub(super) fn standing(&self, edge: usize) -> (Verdict, Duration) {
        self.standings.get(edge).copied().unwrap_or_default()
    }

    /// How the last queries of a client fell.
    pub(super) fn shares(&self, client: usize) -> Shares {
        let rounds = self.answers.get(client).map(|answers| &answers.rounds).into_iter().flatten();
        rounds.fold(Shares::default(), |sum, round| std::array::from_fn(|edge| sum[edge] + round[edge]))
    }

    /// The place that a client is sent to.
    pub(super) fn place(&self, client: usize) -> Option<usize> {
        self.answers.get(client)?.place
    }

    /// The last events, so many at most, the oldest first.
    pub(super) fn last_events(&self, count: usize) -> impl Iterator<Item = &(Duration, String)> {
        self.events.iter().skip(self.events.len().saturating_sub(count))
    }
}

fn by_place(round: &Shares, place: usize) -> usize {
    EDGES.iter().zip(round).filter(|(edge, _)| edge.place == place).map(|(_, count)| count).sum()
}
