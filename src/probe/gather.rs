//! Reports travel in company: to wake another thread for each of ten thousand passes in a second costs more than the probes.
//!
//! Only passes wait, and only for a moment; a failure goes on at once and takes with it what waits.

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::Report;
use crate::health::Outcome;
use crate::limits::{PROBE_REPORTS_GATHERED, PROBE_REPORTS_QUEUED_MAX};

/// Passes reports on until there are no more, or nobody takes them.
pub(super) async fn gather(mut reports: mpsc::Receiver<Report>, on: mpsc::Sender<Report>) {
    let mut waiting = Vec::new();
    while reports.recv_many(&mut waiting, PROBE_REPORTS_QUEUED_MAX).await > 0 {
        let end = Instant::now() + PROBE_REPORTS_GATHERED;
        let mut looked_at = 0;
        while waiting.iter().skip(looked_at).all(may_wait) && waiting.len() < PROBE_REPORTS_QUEUED_MAX {
            looked_at = waiting.len();
            match timeout_at(end, reports.recv_many(&mut waiting, PROBE_REPORTS_QUEUED_MAX)).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => break,
            }
        }
        for report in waiting.drain(..) {
            if on.send(report).await.is_err() {
                return;
            }
        }
    }
}

fn may_wait(report: &Report) -> bool {
    matches!(report.outcome, Outcome::Pass { .. })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::health::{Cause, ProbeKey};

    fn report(port: u16, outcome: Outcome) -> Report {
        let key = ProbeKey { check: "web".into(), address: [192, 0, 2, 1].into(), port, name: None };
        Report { key, outcome, counts: true, at: Duration::ZERO, next_probe_at: Duration::ZERO }
    }

    #[tokio::test(start_paused = true)]
    async fn passes_wait_for_company_and_a_failure_takes_them_along_at_once() {
        let (reports, receiver) = mpsc::channel(8);
        let (on, mut came) = mpsc::channel(8);
        tokio::spawn(gather(receiver, on));
        let begun = Instant::now();
        let pass = |port| report(port, Outcome::pass(Duration::ZERO));
        reports.send(pass(1)).await.unwrap();
        assert_eq!(came.recv().await, Some(pass(1)));
        assert_eq!(begun.elapsed().as_millis(), PROBE_REPORTS_GATHERED.as_millis());
        let before = Instant::now();
        let failure = report(3, Outcome::fail(Cause::Refused, "connection refused"));
        for report in [pass(2), failure.clone()] {
            reports.send(report).await.unwrap();
        }
        assert_eq!((came.recv().await, came.recv().await), (Some(pass(2)), Some(failure)));
        assert!(before.elapsed() < PROBE_REPORTS_GATHERED);
        drop(reports);
        assert_eq!(came.recv().await, None);
    }
}
