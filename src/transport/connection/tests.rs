//! One connection over an in-memory stream, on a paused clock.

use std::cell::Cell;
use std::time::Duration;

use tokio::io::{DuplexStream, duplex, split};
use tokio::time::sleep;

use super::*;

const QUERY: &[u8] = b"\x00\x11\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01";

/// Serves one connection while `client` acts; how it ended, after how many milliseconds, and the counters, which add up.
async fn serve(buffer: usize, stop: bool, client: impl AsyncFnOnce(DuplexStream)) -> (Ending, u128, Registry) {
    serve_with(Serving::default(), buffer, stop, client).await
}

async fn serve_with(
    serving: Serving,
    buffer: usize,
    stop: bool,
    client: impl AsyncFnOnce(DuplexStream),
) -> (Ending, u128, Registry) {
    let registry = Registry::default();
    let worker = Rc::new(Worker::new(Arc::new(Current::new(serving)), &registry));
    let (ours, theirs) = duplex(buffer);
    let (_stop, stopped) = watch::channel(stop);
    let (start, took) = (Instant::now(), Cell::new(0));
    let connection = Connection::new(worker, ours, IpAddr::from([192, 0, 2, 1]));
    let served = async {
        let ending = connection.serve(stopped, || ()).await;
        took.set(start.elapsed().as_millis());
        ending
    };
    // The client acts first, so that what it sends at once has arrived.
    let ((), ending) = tokio::join!(client(theirs), served);
    assert_eq!(registry.totals().in_hand(), 0);
    (ending, took.get(), registry)
}

async fn read_until_closed(mut stream: DuplexStream) -> Vec<u8> {
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).await.unwrap();
    octets
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_closed() {
    let (ending, took, _) = serve(4096, false, async |stream| drop(read_until_closed(stream).await)).await;
    assert_eq!((ending, took), (Ending::Slow, 2000));
}

#[tokio::test(start_paused = true)]
async fn an_idle_client_is_closed_ten_seconds_after_its_query() {
    let (ending, took, _) = serve(4096, false, async |mut stream| {
        sleep(Duration::from_secs(1)).await;
        stream.write_all(QUERY).await.unwrap();
        assert_eq!(read_until_closed(stream).await.len(), QUERY.len());
    })
    .await;
    assert_eq!((ending, took), (Ending::Idle, 11_000));
}

#[tokio::test(start_paused = true)]
async fn half_a_query_is_cut_at_its_deadline_however_it_trickles() {
    let (ending, took, _) = serve(4096, false, async |mut stream| {
        stream.write_all(QUERY).await.unwrap();
        sleep(Duration::from_secs(5)).await;
        for octet in QUERY {
            let _ = stream.write_all(&[*octet]).await;
            sleep(Duration::from_millis(300)).await;
        }
    })
    .await;
    assert_eq!((ending, took), (Ending::Slow, 7000));
}

#[tokio::test(start_paused = true)]
async fn half_a_query_behind_a_whole_one_has_its_own_deadline() {
    let (ending, took, _) = serve(4096, false, async |mut stream| {
        stream.write_all(&[QUERY, &QUERY[..9]].concat()).await.unwrap();
        assert_eq!(read_until_closed(stream).await.len(), QUERY.len());
    })
    .await;
    assert_eq!((ending, took), (Ending::Slow, 2000));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_and_its_replies_are_lost() {
    let (ending, took, registry) = serve(64, false, async |stream| {
        let (_unread, mut write) = split(stream);
        while write.write_all(QUERY).await.is_ok() {}
    })
    .await;
    assert_eq!((ending, took), (Ending::Unread, 2000));
    assert!(registry.totals().of(Loss::Send) > 0);
}

#[tokio::test(start_paused = true)]
async fn a_busy_connection_ends_with_its_life() {
    let (ending, took, registry) = serve(1 << 20, false, async |mut stream| {
        while stream.write_all(QUERY).await.is_ok() {
            sleep(Duration::from_secs(7)).await;
        }
    })
    .await;
    assert_eq!((ending, took, registry.totals().of(Counter::QueriesStream)), (Ending::Expired, 300_000, 43));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_answered_ends_the_connection_after_the_replies_before_it() {
    let mut response = QUERY.to_vec();
    response[4] |= 0x80;
    let long = [&4097_u16.to_be_bytes()[..], &[0; 100]].concat();
    for bad in [&response, &long, &vec![0, 0], &vec![0, 1, 9]] {
        let (ending, took, registry) = serve(4096, false, async |mut stream| {
            stream.write_all(&[QUERY, QUERY, bad, QUERY].concat()).await.unwrap();
            assert_eq!(read_until_closed(stream).await.len(), 2 * QUERY.len());
        })
        .await;
        assert_eq!((ending, took), (Ending::Unanswered, 0));
        assert_eq!(registry.totals().of(Counter::QueriesStream), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_has_arrived() {
    let (ending, took, registry) = serve(4096, true, async |mut stream| {
        stream.write_all(&[QUERY, QUERY, &QUERY[..5]].concat()).await.unwrap();
        assert_eq!(read_until_closed(stream).await.len(), 2 * QUERY.len());
    })
    .await;
    assert_eq!((ending, took, registry.totals().of(Counter::QueriesStream)), (Ending::Cut, 0, 2));
}

/// The root zone with 4,000 octets of TXT at its apex.
fn with_long_answer() -> Serving {
    let mut sources = crate::diagnostic::Sources::default();
    let text = format!("@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS a.\n@ 60 TXT {}\n", format!("{} ", "x".repeat(249)).repeat(16));
    let source = sources.add("root.zone", text);
    let (parsed, faults) = crate::zone::parse(&crate::wire::Name::root(), &source, &mut |_, _| Err(String::new()));
    assert_eq!(faults, []);
    let zone = Arc::new(crate::snapshot::compile_zone(&parsed, Vec::new(), 0).unwrap());
    let linked = crate::snapshot::LinkedZone::new(zone, Vec::new());
    let snapshot = crate::snapshot::Snapshot::new(0, vec![linked], Arc::default());
    Serving { snapshot: Arc::new(snapshot), ..Serving::default() }
}

#[tokio::test(start_paused = true)]
async fn replies_beyond_one_write_come_too_and_leave_little_behind() {
    const QUERY: &[u8] = b"\0\x11\0\x07\0\0\0\x01\0\0\0\0\0\0\0\0\x10\0\x01";
    const REPLY_LENGTH: usize = 2 + 17 + 12 + 16 * 250;
    let (ending, _, registry) = serve_with(with_long_answer(), 16 << 10, false, async |stream| {
        let (mut read, mut write) = split(stream);
        let write = async {
            for _ in 0..200 {
                write.write_all(QUERY).await.unwrap()
            }
        };
        let mut replies = vec![0; 200 * REPLY_LENGTH];
        tokio::join!(write, async { read.read_exact(&mut replies).await.unwrap() });
    })
    .await;
    assert_eq!((ending, registry.totals().of(Counter::RepliesNoError)), (Ending::Closed, 200));
}
