//! The life of one name: look it up, tell, wait as long as that holds, again, until its task is ended.
//! A family that could not be looked up keeps the addresses that it had; so does a name that is suddenly said to have none.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::Finding;
use super::client::{Answer, Asked, look_up};
use crate::limits::{EDGE_REFRESH_MAX, EDGE_REFRESH_MIN, EDGE_RETRY_MAX};
use crate::wire::Name;

/// What is known of a name.
#[derive(Debug)]
pub(super) struct Edge {
    name: Name,
    servers: Arc<[SocketAddr]>,
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
    /// How long to wait after the next failure.
    retry: Duration,
}

impl Edge {
    /// A name with the addresses that were good last.
    pub(super) fn new(name: Name, last_good: Vec<IpAddr>, servers: Arc<[SocketAddr]>) -> Self {
        let (v4, v6) = last_good.into_iter().partition(IpAddr::is_ipv4);
        Self { name, servers, v4, v6, retry: EDGE_REFRESH_MIN }
    }

    /// Looks up until nobody reads the findings any more.
    pub(super) async fn keep_looking(mut self, findings: mpsc::Sender<Finding>, permits: Arc<Semaphore>) {
        let text = self.name.to_string();
        loop {
            let Ok(permit) = permits.acquire().await else { return };
            let (v4, v6) = tokio::join!(look_up(&self.servers, &text, Asked::V4), look_up(&self.servers, &text, Asked::V6));
            drop(permit);
            let (finding, wait) = self.take(v4, v6);
            if findings.send(finding).await.is_err() {
                return;
            }
            sleep(wait).await;
        }
    }

    /// What follows from two answers, and how long it holds.
    fn take(&mut self, v4: Answer, v6: Answer) -> (Finding, Duration) {
        let nothing = matches!((&v4, &v6), (Answer::Nothing, Answer::Nothing));
        let mut trouble = nothing.then(|| String::from("the name has no address"));
        let mut holds = EDGE_REFRESH_MAX;
        for (answer, known) in [(v4, &mut self.v4), (v6, &mut self.v6)] {
            match answer {
                Answer::Found(addresses, ttl) => {
                    *known = addresses;
                    holds = holds.min(ttl);
                }
                // Where the other family is there, the lack of this one is an answer as good as any.
                Answer::Nothing if nothing => {}
                Answer::Nothing => known.clear(),
                Answer::Failed(why) => trouble = Some(trouble.unwrap_or(why)),
            }
        }
        let wait = if trouble.is_some() { self.retry } else { holds.max(EDGE_REFRESH_MIN) };
        self.retry = if trouble.is_some() { (self.retry * 2).min(EDGE_RETRY_MAX) } else { EDGE_REFRESH_MIN };
        let addresses = [self.v4.as_slice(), &self.v6].concat();
        (Finding { name: self.name.clone(), addresses, trouble: trouble.map(Arc::from) }, wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge() -> Edge {
        Edge::new(Name::parse(b"d1.cdn.example.", None).unwrap(), vec!["192.0.2.9".parse().unwrap()], Arc::default())
    }

    fn found(address: &str, seconds: u64) -> Answer {
        Answer::Found(vec![address.parse().unwrap()], Duration::from_secs(seconds))
    }

    fn texts(finding: &Finding) -> Vec<String> {
        finding.addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_found_holds_as_long_as_its_ttl_within_limits() {
        for (v4, v6, wait) in [(30, 60, 30), (60, 20, 20), (0, 60, 5), (90_000, 90_000, 3600)] {
            let (finding, waits) = edge().take(found("192.0.2.1", v4), found("2001:db8::1", v6));
            assert_eq!((texts(&finding), finding.trouble), (vec!["192.0.2.1".into(), "2001:db8::1".into()], None));
            assert_eq!(waits, Duration::from_secs(wait));
        }
    }

    #[test]
    fn a_family_that_is_not_there_is_not_kept() {
        let mut edge = edge();
        edge.take(found("192.0.2.1", 60), found("2001:db8::1", 60));
        let (finding, waits) = edge.take(found("192.0.2.2", 60), Answer::Nothing);
        assert_eq!((texts(&finding), finding.trouble, waits.as_secs()), (vec!["192.0.2.2".into()], None, 60));
        let (finding, _) = edge.take(Answer::Nothing, found("2001:db8::2", 60));
        assert_eq!(texts(&finding), ["2001:db8::2"]);
    }

    #[test]
    fn what_was_good_is_kept_while_nothing_better_is_known() {
        let failed = || Answer::Failed("no resolver answered".into());
        let mut edge = edge();
        let told = |(finding, wait): (Finding, Duration)| (texts(&finding), finding.trouble.unwrap().to_string(), wait.as_secs());
        let kept = || vec![String::from("192.0.2.9")];
        assert_eq!(told(edge.take(failed(), failed())), (kept(), "no resolver answered".into(), 5));
        assert_eq!(told(edge.take(Answer::Nothing, Answer::Nothing)), (kept(), "the name has no address".into(), 10));
        for wait in [20, 40, 60, 60] {
            assert_eq!(told(edge.take(failed(), Answer::Nothing)).2, wait);
        }
        // One family goes on while the other is not known.
        let (addresses, trouble, wait) = told(edge.take(failed(), found("2001:db8::1", 300)));
        assert_eq!(
            (addresses, trouble.as_str(), wait),
            ([kept(), vec!["2001:db8::1".into()]].concat(), "no resolver answered", 60)
        );
        let (finding, wait) = edge.take(found("192.0.2.1", 300), found("2001:db8::1", 300));
        assert_eq!((finding.trouble, wait.as_secs()), (None, 300));
        assert_eq!(told(edge.take(failed(), failed())).2, 5, "the patience is new again");
    }
}
