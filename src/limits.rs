//! Every limit: a name with its unit, the default, and the reason.
//!
//! Over a limit, input is refused with a place and a next step; it is never fatal and never silently cut.

use std::time::Duration;

/// Octets of a domain name on the wire, the root label included (RFC 1035 §3.1).
pub const NAME_LENGTH_MAX: usize = 255;
/// Octets of one label (RFC 1035 §3.1).
pub const LABEL_LENGTH_MAX: usize = 63;
/// Labels of a name without the root: 127 one-octet labels fill 255 octets.
pub const LABELS_MAX: usize = 127;
/// Octets of one TXT string (RFC 1035 §3.3).
pub const CHARACTER_STRING_LENGTH_MAX: usize = 255;
/// Octets of RDATA that fit a message with its header, a question and a record header besides.
pub const RDATA_LENGTH_MAX: usize = 65_535 - 12 - 260 - 12;
/// The largest TTL, in seconds (RFC 2181 §8).
pub const TTL_SECONDS_MAX: u32 = i32::MAX as u32;
/// Octets of a zone file or an included one; a bigger one is a mistake, not a zone.
pub const ZONE_FILE_LENGTH_MAX: usize = 1 << 30;
/// Octets of a `signpost.toml` or an included one.
pub const CONFIG_FILE_LENGTH_MAX: usize = 16 << 20;
/// Octets of a geo database; the biggest on the market are a tenth of it.
pub const GEO_FILE_LENGTH_MAX: usize = 1 << 30;
/// `$INCLUDE` inside `$INCLUDE`: as deep as any real tree, and a loop ends here at the latest.
pub const INCLUDE_DEPTH_MAX: usize = 8;
/// Files that one zone includes.
pub const INCLUDE_COUNT_MAX: usize = 64;
/// Diagnostics kept for one file: a file of another kind would otherwise print one a line.
pub const DIAGNOSTICS_PER_FILE_MAX: usize = 50;

/// Policies inside policies: deeper than any operator can reason about.
pub const POLICY_DEPTH_MAX: usize = 8;
/// Pools that a policy reaches, each way counted: bounds the walk of one query.
pub const POLICY_LEAVES_MAX: usize = 1024;
/// Children of one policy.
pub const POLICY_CHILDREN_MAX: usize = 256;
/// Rules of one `geo` policy: they are matched as the bits of one word.
pub const GEO_RULES_MAX: usize = 64;
/// Endpoints of one pool: a hashed pool keeps 8 KiB for each.
pub const POOL_ENDPOINTS_MAX: usize = 256;
/// Sum of the weights of one pool or policy, so that a test can enumerate every draw.
pub const WEIGHT_SUM_MAX: u32 = 65_535;
/// Addresses in one steered answer: 16 A records fit 512 octets with any question.
pub const ANSWERS_MAX: usize = 16;
/// Places kept by distance for one region, then the order of `from` (notes on merging: more costs table, buys nothing).
pub const NEAREST_LENGTH: usize = 3;
/// IPv4 prefixes from a geo database are cut here: ECS never tells more.
pub const GEO_CLIP_V4: u8 = 24;
/// IPv6 prefixes from a geo database are cut here.
pub const GEO_CLIP_V6: u8 = 48;
/// Buckets of the hashed choice: one holds 0.02 % of the clients.
pub const HASH_BUCKETS: usize = 4096;

/// CNAMEs followed within a zone for one answer.
pub const CNAME_CHAIN_LENGTH_MAX: usize = 8;
/// Octets of a UDP answer at most, and the size we announce: fits every path without fragments.
pub const UDP_PAYLOAD_LENGTH_MAX: usize = 1232;
/// Octets of a UDP answer to a client without EDNS (RFC 1035 §4.2.1).
pub const UDP_PAYLOAD_LENGTH_MIN: usize = 512;
/// Octets of a UDP query that we read; a longer one is answered FORMERR from its first part.
pub const UDP_QUERY_LENGTH_MAX: usize = 4096;
/// Octets of a message over TCP (RFC 1035 §4.2.2).
pub const MESSAGE_LENGTH_MAX: usize = 65_535;
/// Datagrams taken and sent by one system call; more than 64 brings nothing.
pub const UDP_BATCH_LENGTH: usize = 64;

/// Probes in flight at a time: a quarter of the 1024 file descriptors that a process usually has.
pub const PROBES_IN_FLIGHT_MAX: usize = 256;
/// Reports that wait for their reader; the prober waits when it is full, nothing is lost.
pub const PROBE_REPORTS_QUEUED_MAX: usize = 1024;
/// Octets of a body that are searched for `expect.body`: a health page is shorter, a download is not waited for.
pub const PROBE_BODY_LENGTH_MAX: usize = 64 << 10;
/// Characters of a reason that an endpoint can influence.
pub const PROBE_REASON_LENGTH_MAX: usize = 200;
/// How soon a first failure is repeated: longer than a lost packet or a restart of a worker, unseen beside any interval.
pub const PROBE_RECHECK_DELAY: Duration = Duration::from_millis(250);
/// First probes at the start of the process are spread over this at most, so that warm-up is short.
pub const PROBE_START_SPREAD: Duration = Duration::from_secs(1);
/// An interval varies by one part in this many, both ways, so that endpoints do not fall into step.
pub const PROBE_JITTER_DIVISOR: u32 = 20;
/// Octets of the PEM file of a check's `ca`; all the CAs of a system are a fiftieth of it.
pub const CA_FILE_LENGTH_MAX: u64 = 16 << 20;

/// Members that `explain` lists of one pool or policy: more is a table, not a line.
pub const EXPLAIN_MEMBERS_SHOWN_MAX: usize = 16;
/// Octets of one request on the control socket: a name, two addresses and some throws.
pub const CONTROL_REQUEST_LENGTH_MAX: usize = 16 << 10;
/// Octets of one reply on the control socket: the status of 65,536 addresses with their errors.
pub const CONTROL_REPLY_LENGTH_MAX: usize = 64 << 20;
/// Connections to the control socket at a time; one operator needs one, more wait their turn.
pub const CONTROL_CONNECTIONS_MAX: usize = 16;
/// How long a request on the control socket may take to arrive, and a reply to leave.
pub const CONTROL_IO_DEADLINE: Duration = Duration::from_secs(5);
/// How long the control socket rests when it can't accept, for want of file descriptors say.
pub const CONTROL_ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long an order may take; the longest is a reload of millions of records.
pub const CONTROL_ANSWER_DEADLINE: Duration = Duration::from_secs(120);

const _: () = assert!(NAME_LENGTH_MAX == 2 * LABELS_MAX + 1, "one-octet labels and the root fill a name");
const _: () = assert!(UDP_PAYLOAD_LENGTH_MIN <= UDP_PAYLOAD_LENGTH_MAX);
const _: () = assert!(NEAREST_LENGTH <= POLICY_CHILDREN_MAX);
