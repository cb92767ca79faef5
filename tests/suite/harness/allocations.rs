//! `answer()` under a counting allocator: wherever a test of this suite asks in process, an allocation on the way fails it.

use allocation_counter::{AllocationInfo, measure};
use signpost::answer::{self, Client, DropReason, Outcome, View};

/// What `answer()` gives; what it allocates meanwhile, on this thread, is a fault.
#[track_caller]
pub(crate) fn answer(view: &View<'_>, query: &[u8], client: &Client, out: &mut [u8]) -> Outcome {
    let mut outcome = None;
    let info = measure(|| outcome = Some(answer::answer(view, query, client, out)));
    assert_eq!(info.count_total, 0, "answer() allocates {} octets for {query:02x?}", info.bytes_total);
    outcome.unwrap()
}

/// The octets of the reply to a query, or why there is none.
pub(crate) fn ask(view: &View<'_>, query: &[u8], client: &Client) -> Result<Vec<u8>, DropReason> {
    // As in the server, what was there before is no part of the reply.
    let mut out = vec![0xa5; client.size_limit.max(512)];
    match answer(view, query, client, &mut out) {
        Outcome::Reply { length, .. } => {
            out.truncate(length);
            Ok(out)
        }
        Outcome::Drop(reason) => Err(reason),
    }
}

#[test]
fn what_allocates_is_seen() {
    let info: AllocationInfo = measure(|| drop(std::hint::black_box(vec![0_u8; 3])));
    assert_eq!((info.count_total, info.bytes_total, info.count_current), (1, 3, 0));
}
