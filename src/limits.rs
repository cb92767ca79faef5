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
/// Octets of a compiled zone's names, and of its records: 32-bit offsets point into them, also behind the last and longest RRset.
pub const ZONE_COMPILED_LENGTH_MAX: usize = u32::MAX as usize - (1 << 20);
/// Octets of a zone file that are read line by line in any case: directives mostly stand there.
pub const ZONE_HEAD_LENGTH: usize = 64 << 10;
/// Octets of the least part of a zone file that is worth a thread of its own.
pub const ZONE_PART_LENGTH_MIN: usize = 1 << 20;
/// Into how many parts a zone file is divided at most: a load is no reason to take every core of a large machine.
pub const ZONE_PARTS_MAX: usize = 8;
/// Octets from which on a piece of memory gets room of its own from the system: a hundred zones of such a size are a large server's.
pub const ROOM_LARGE_LENGTH_MIN: usize = 2 << 20;
/// Octets of the largest piece that glibc may come to keep when it is freed (its `DEFAULT_MMAP_THRESHOLD_MAX`).
pub const ROOM_MAPPED_LENGTH: usize = 32 << 20;
/// Octets of the shortest line of a zone file that room is kept for: few are shorter, and more room than memory is refused.
pub const ZONE_LINE_LENGTH_USUAL_MIN: usize = 16;
/// Octets of a `signpost.toml` or an included one.
pub const CONFIG_FILE_LENGTH_MAX: usize = 16 << 20;
/// Octets of a geo database; the biggest on the market are a tenth of it.
pub const GEO_FILE_LENGTH_MAX: usize = 1 << 30;
/// The latest build date of a geo database, in seconds since 1970: beyond 2100 the file is damaged.
pub const GEO_BUILD_SECONDS_MAX: u64 = 4_102_444_800;
/// The least age at which a geo database may be called old: publishers build them daily at most.
pub const GEO_AGE_MIN: Duration = Duration::from_secs(86_400);
/// The greatest age at which it may be called old: a century is never.
pub const GEO_AGE_MAX: Duration = Duration::from_secs(36_500 * 86_400);
/// Prefixes that the walk of a geo database meets for each node of its tree: a whole one has fewer than two, one with loops no end.
pub const GEO_VISITS_PER_NODE_MAX: u64 = 4;
/// `$INCLUDE` inside `$INCLUDE`: as deep as any real tree, and a loop ends here at the latest.
pub const INCLUDE_DEPTH_MAX: usize = 8;
/// Files that one zone includes.
pub const INCLUDE_COUNT_MAX: usize = 64;
/// Records that one `$GENERATE` makes: the names of a /16.
pub const GENERATED_PER_DIRECTIVE_MAX: u64 = 65_536;
/// Records that the `$GENERATE`s of one zone make together: a short file must not fill the memory.
pub const GENERATED_PER_ZONE_MAX: u64 = 1 << 20;
/// Octets of text that the `$GENERATE`s of one zone make together: over a hundred for each record, were they all made.
pub const GENERATED_OCTETS_PER_ZONE_MAX: u64 = 128 << 20;
/// The largest number of a `$GENERATE`, and the largest offset either way: BIND counts in 32 bits with a sign.
pub const GENERATE_NUMBER_MAX: u64 = i32::MAX as u64;
/// Characters that a `$GENERATE` pads a number to: no label is longer, and no name has more nibbles with their dots.
pub const GENERATE_WIDTH_MAX: usize = 255;
/// Words and strings of one entry of a zone file: each one of RDATA makes an octet or so, and RDATA ends at 65,535.
pub const ENTRY_TOKENS_MAX: usize = 65_536;
/// Names of a zone that a misspelt one is compared with: the comparison takes a microsecond each, and is made for every fault.
pub const SUGGESTION_CANDIDATES_MAX: usize = 10_000;
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
/// Endpoints of one pool: a hashed pool keeps 8 KiB for each, so 2 MiB.
pub const POOL_ENDPOINTS_MAX: usize = 255;
/// Endpoints of the pools that are copied for bound names, because a check asks each by its own host: as many probes or twice that.
pub const BOUND_ENDPOINTS_MAX: usize = 65_536;
/// Addresses of one family that an edge with a name is answered with and probed at; a CDN gives two to four.
pub const EDGE_ADDRESSES_MAX: usize = 8;
/// Resolvers that may be configured: each is asked only when those before it are silent.
pub const RESOLVERS_MAX: usize = 8;
/// How long one server may take to answer for an edge.
pub const EDGE_LOOKUP_DEADLINE: Duration = Duration::from_secs(2);
/// Edges that are looked up at a time.
pub const EDGE_LOOKUPS_IN_FLIGHT_MAX: usize = 32;
/// Results of look-ups that wait to be taken; who has one more waits.
pub const EDGE_FINDINGS_QUEUED_MAX: usize = 256;
/// How soon an edge is looked up again at the soonest, whatever its TTL: CDNs go down to 10 s, load tests to 0.
pub const EDGE_REFRESH_MIN: Duration = Duration::from_secs(5);
/// How late an edge is looked up again at the latest, whatever its TTL: moving house takes no longer to be seen.
pub const EDGE_REFRESH_MAX: Duration = Duration::from_secs(3600);
/// How late an edge that could not be looked up is tried again at the latest; the time doubles from [`EDGE_REFRESH_MIN`].
pub const EDGE_RETRY_MAX: Duration = Duration::from_secs(60);
/// Sum of the weights of one pool or policy, so that a test can enumerate every draw.
pub const WEIGHT_SUM_MAX: u32 = 65_535;
/// Percent of the weight over a `min_up` in percent at which a pool or policy that fell is up again: one small flapping member
/// does not turn a whole place on and off.
pub const MIN_UP_MARGIN_PERCENT: u64 = 10;
/// How long a pool or policy that fell waits with just `min_up` of it up, before it is up without the margin: what would give
/// the margin may be gone for good.
pub const MIN_UP_MARGIN_WAIT: Duration = Duration::from_secs(120);
/// The shortest `slow_start`: an answer hardly lives shorter.
pub const SLOW_START_MIN: Duration = Duration::from_secs(1);
/// The longest `slow_start`: what warms up for longer than a day is a weight.
pub const SLOW_START_MAX: Duration = Duration::from_secs(86_400);
/// The time over which `max_removed` counts.
pub const REMOVAL_WINDOW: Duration = Duration::from_secs(60);
/// Addresses in one steered answer: 16 A records fit 512 octets with any question of up to 244.
pub const ANSWERS_MAX: usize = 16;
/// Places kept by distance for one region, then the order of `from` (notes on merging: more costs table, buys nothing).
pub const NEAREST_LENGTH: usize = 3;
/// Bias of a child of a `nearest` policy, either way: at 100 the distance would vanish or have no end.
pub const GEO_BIAS_MAX: i8 = 99;
/// IPv4 prefixes from a geo database are cut here: ECS never tells more.
pub const GEO_CLIP_V4: u8 = 24;
/// IPv6 prefixes from a geo database are cut here.
pub const GEO_CLIP_V6: u8 = 48;
/// Buckets of the hashed choice: one holds 0.02 % of the clients.
pub const HASH_BUCKETS: usize = 4096;

/// Octets of the name of a check, pool, policy or endpoint: it must fit a TXT string, a metric's label and a terminal.
pub const NOUN_LENGTH_MAX: usize = 63;
/// The shortest interval of a check: ten probes a second from every node are plenty for one endpoint.
pub const CHECK_INTERVAL_MIN: Duration = Duration::from_millis(100);
/// The longest interval of a check: what is asked less than daily is not checked.
pub const CHECK_INTERVAL_MAX: Duration = Duration::from_secs(86_400);
/// Probes in a row before a verdict changes; more is a monitor that never speaks.
pub const CHECK_STREAK_MAX: u32 = 100;
/// How soon a first failure is repeated unless written: longer than a lost packet or a restart of a worker, unseen beside any
/// interval.
pub const RECHECK_DELAY: Duration = Duration::from_millis(250);
/// How long an endpoint that flaps is held down first, unless written: long enough that most restarts are over.
pub const HOLD_DOWN_FIRST: Duration = Duration::from_secs(30);
/// How long it is held down at most, unless written: who waits longer has to look after it.
pub const HOLD_DOWN_MAX: Duration = Duration::from_secs(15 * 60);
/// The shortest hold that may be written.
pub const HOLD_DOWN_MIN: Duration = Duration::from_millis(100);
/// The longest hold that may be written: a day is an operator's order, not damping.
pub const HOLD_DOWN_LONGEST: Duration = Duration::from_secs(86_400);
/// References that may be written: a few tell as much as many.
pub const REFERENCES_MAX: usize = 16;
/// Endpoints that must fall silent together before the prober doubts itself: fewer are seen to die together.
pub const BLIND_ENDPOINTS_MIN: usize = 8;
/// Places in which they must be: one place, or two, may lose their network without us.
pub const BLIND_PLACES_MIN: usize = 3;
/// One in so many of those that were heard must fall silent: among thousands, eight that die are no sign.
pub const BLIND_SHARE: usize = 4;
/// It trusts itself again when no more than one in so many is silent, or fewer than half of [`BLIND_ENDPOINTS_MIN`].
pub const SIGHT_SHARE: usize = 8;
/// How long most endpoints must be heard until the silence of the others is believed: who hears most is not cut off.
pub const BLIND_PATIENCE: Duration = Duration::from_secs(60);
/// An answer that comes so soon after a cut may have been under way when it came, so it proves nothing.
pub const ANSWER_UNDER_WAY_MAX: Duration = Duration::from_millis(250);
/// How often references are asked, and how long they may take: a cut shows within three seconds, the repeat included.
pub const REFERENCE_INTERVAL: Duration = Duration::from_millis(750);
/// Octets of the text that a body must hold.
pub const EXPECT_BODY_LENGTH_MAX: usize = 1024;
/// Octets that a tcp check sends or expects, and of one argument of a command.
pub const CHECK_TEXT_LENGTH_MAX: usize = 1024;
/// Arguments of a check's command; who needs more has a script.
pub const CHECK_ARGUMENTS_MAX: usize = 64;
/// Records that a dns check expects: as many as one answer over UDP has room for.
pub const EXPECT_DATA_COUNT_MAX: usize = 16;
/// The longest life that a check can want a certificate to have left: CAs of one's own sign for ten years.
pub const CERTIFICATE_LIFE_MAX: Duration = Duration::from_secs(3650 * 86_400);
/// Headers that a check sends beside Host.
pub const CHECK_HEADERS_MAX: usize = 64;
/// How long the start waits for verdicts, or changed files must rest, at most.
pub const SERVER_WAIT_MAX: Duration = Duration::from_secs(3600);
/// UDP workers for each address; no machine that runs this has more cores.
pub const THREADS_MAX: usize = 1024;
/// TCP connections at a time that may be configured; each is a file descriptor.
pub const TCP_CONNECTIONS_MAX: usize = 1_000_000;
/// Octets of `identity` and of `version`: a host name, or a few words. The shortest reply has room for it as NSID.
pub const SERVER_TEXT_LENGTH_MAX: usize = 128;
/// The longest TTL of a steered answer that earns no warning, in seconds: a day.
pub const STEERED_TTL_SECONDS_USUAL_MAX: u32 = 86_400;

/// CNAMEs followed within a zone for one answer; no zone that is meant to work needs half of them.
pub const CNAME_CHAIN_LENGTH_MAX: usize = 16;
/// Hosts whose addresses go along with one answer, as many as the root has servers: thousands would cost far more than the query
/// (CVE-2024-11187). The glue of a cut's own servers is not counted, because nobody finds the zone without it.
pub const ADDITIONAL_TARGETS_MAX: usize = 13;
/// Octets of a UDP answer at most, and the size we announce: fits every path without fragments.
pub const UDP_PAYLOAD_LENGTH_MAX: usize = 1232;
/// Octets of a UDP answer to a client without EDNS (RFC 1035 §4.2.1).
pub const UDP_PAYLOAD_LENGTH_MIN: usize = 512;
/// Octets of a UDP query that we read; a longer one is dropped and counted, because its rest is lost.
pub const UDP_QUERY_LENGTH_MAX: usize = 4096;
/// Octets of a UDP reply, whatever is configured: the room that a worker keeps for each.
pub const UDP_REPLY_LENGTH_MAX: usize = 4096;
/// Octets of a message over TCP (RFC 1035 §4.2.2).
pub const MESSAGE_LENGTH_MAX: usize = 65_535;
/// Datagrams taken and sent by one system call; more than 64 brings nothing.
pub const UDP_BATCH_LENGTH: usize = 64;
/// Octets of a UDP socket's queue of queries: some 5,000, 20 ms of work; a longer queue makes answers that nobody waits for.
/// The system may grant less (`net.core.rmem_max`).
pub const UDP_RECEIVE_BUFFER_LENGTH: usize = 4 << 20;
/// Octets of a UDP socket's queue of replies: several batches of the longest (`net.core.wmem_max` may grant less).
pub const UDP_SEND_BUFFER_LENGTH: usize = 1 << 20;
/// How long an idle UDP worker may take to notice that it is to stop; each time is one system call.
pub const UDP_STOP_INTERVAL: Duration = Duration::from_millis(250);
/// How long a door rests after a failure that would come back at once, such as a lack of file descriptors.
pub const DOOR_REST: Duration = Duration::from_millis(50);
/// Ports tried until UDP and TCP both get the same free one, where the configuration says 0.
pub const PORT_ATTEMPTS_MAX: usize = 16;

/// Octets of a query over TCP that we read: what over UDP, because longer ones ask nothing that we answer.
pub const STREAM_QUERY_LENGTH_MAX: usize = 4096;
/// Octets of replies that wait for one write; the reply that goes beyond is the last one in it.
pub const STREAM_OUTPUT_LENGTH: usize = 64 << 10;
/// Octets of a connection's replies that the kernel keeps for a client that does not read; twice the longest reply.
pub const STREAM_SEND_BUFFER_LENGTH: usize = 128 << 10;
/// Octets of room for replies that an idle connection keeps.
pub const STREAM_ROOM_LENGTH: usize = 4096;
/// Connections that wait to be accepted, per listen address: 100 ms of a busy door.
pub const STREAM_BACKLOG_LENGTH: i32 = 1024;
/// How long a connection may stay without a query (RFC 7766 §6.2.3 asks for seconds).
pub const STREAM_IDLE: Duration = Duration::from_secs(10);
/// A query that has begun must be whole within this; the first one begins with the connection. A lost segment comes again
/// within a second.
pub const STREAM_QUERY_DEADLINE: Duration = Duration::from_secs(2);
/// Replies must be taken within this.
pub const STREAM_WRITE_DEADLINE: Duration = Duration::from_secs(2);
/// How long a connection lives however busy it is, so that clients spread anew over the servers.
pub const STREAM_LIFE: Duration = Duration::from_secs(300);
/// How long replies in hand hold up the end of the process.
pub const STREAM_STOP: Duration = Duration::from_secs(5);
/// Bits of an IPv6 address that make one source of connections: what one site gets at least.
pub const STREAM_SOURCE_LENGTH_V6: u8 = 56;

/// Log lines about one kind of failure come at most this often, whatever strangers send.
pub const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// File descriptors that the prober may have at a time, however many the machine grants: probes that all time out and as many
/// watched connections, of sixteen thousand addresses.
pub const PROBE_DESCRIPTORS_MAX: usize = 32_768;
/// How often the kernel asks whether a watched connection still stands: firewalls forget idle ones after a minute or more.
pub const WATCH_KEEPALIVE: Duration = Duration::from_secs(20);
/// So many such questions without an answer end a watched connection.
pub const WATCH_KEEPALIVES_LOST_MAX: u32 = 3;
/// Octets that a watched endpoint may send before it is watched no more: a greeting, and no stream.
pub const WATCH_OCTETS_MAX: usize = 64 << 10;
/// The longest pause between watched connections to an endpoint that closes each one soon.
pub const WATCH_PAUSE_MAX: Duration = Duration::from_secs(60);
/// A timeout that is noticed later than this says nothing about the endpoint: this process did not get to run.
pub const PROBE_STARVED_AFTER: Duration = Duration::from_millis(100);
/// Reports that wait for their reader; the prober waits when it is full, nothing is lost.
pub const PROBE_REPORTS_QUEUED_MAX: usize = 1024;
/// How long the report of a pass waits for others: nobody sees it, and it makes a hundred wake-ups a second out of ten thousand.
pub const PROBE_REPORTS_GATHERED: Duration = Duration::from_millis(10);
/// Octets of a body that are searched for `expect.body`: a health page is shorter, a download is not waited for.
pub const PROBE_BODY_LENGTH_MAX: usize = 64 << 10;
/// Octets of a DNS answer over UDP that a probe reads: it asks for no more than 512.
pub const PROBE_DATAGRAM_LENGTH_MAX: usize = 4096;
/// Octets of the headers of an HTTP/2 answer.
pub const PROBE_HEADERS_LENGTH_MAX: u32 = 16 << 10;
/// Octets of a gRPC message; one that tells its health has two.
pub const PROBE_GRPC_MESSAGE_LENGTH_MAX: usize = 4096;
/// Programs of command checks that run at a time; each is a process, and two file descriptors here.
pub const COMMANDS_IN_FLIGHT_MAX: usize = 32;
/// Octets that a program of a command check may write: a last line is wanted, not a log.
pub const COMMAND_OUTPUT_LENGTH_MAX: usize = 64 << 10;
/// Characters of a reason that an endpoint can influence.
pub const PROBE_REASON_LENGTH_MAX: usize = 200;
/// First probes of endpoints are spread over this at most, so that warm-up is short.
pub const PROBE_START_SPREAD: Duration = Duration::from_secs(1);
/// An interval varies by one part in this many, both ways, so that endpoints do not fall into step.
pub const PROBE_JITTER_DIVISOR: u32 = 20;
/// Octets of the PEM file of a check's `ca`; all the CAs of a system are a fiftieth of it.
pub const CA_FILE_LENGTH_MAX: u64 = 16 << 20;
/// Events that wait for the Keeper: over it, probes wait with their reports.
pub const EVENTS_QUEUED_MAX: usize = 1024;

/// How old remembered verdicts may be at a start: after a day the world is another.
pub const REMEMBERED_AGE_MAX: Duration = Duration::from_secs(86_400);
/// Verdicts are written at most this often: a disk lasts longer than a flapping endpoint.
pub const VERDICTS_WRITE_INTERVAL: Duration = Duration::from_secs(1);
/// Verdicts that did not change are written anew this often, so that a memory is as old as the process, not as the last change.
pub const VERDICTS_RENEW_INTERVAL: Duration = Duration::from_secs(3600);
/// Octets of the file of verdicts: two addresses each of 100,000 endpoints.
pub const VERDICTS_FILE_LENGTH_MAX: usize = 64 << 20;
/// Into how many steps a drain is divided at most: each publishes once, and none takes more than a sixtieth of the clients away.
pub const DRAIN_STEPS_MAX: u32 = 60;
/// The shortest step of a drain: shorter ones are lost in the noise of resolvers.
pub const DRAIN_STEP_MIN: Duration = Duration::from_secs(1);
/// The longest drain: what takes more than a week is a change of weights.
pub const DRAIN_OVER_MAX: Duration = Duration::from_secs(7 * 86_400);
/// The longest time for which an order may be given with an end: a year is for ever.
pub const ORDER_UNTIL_MAX: Duration = Duration::from_secs(366 * 86_400);
/// Octets of the file of orders: as many as there may be, each with a reason and some comment.
pub const ORDERS_FILE_LENGTH_MAX: usize = 1 << 20;
/// Orders at a time: every endpoint is compared with every one whenever they change, and whoever orders more means a pattern.
pub const ORDERS_MAX: usize = 1000;
/// Octets of the reason of an order: a line with a ticket's number.
pub const ORDER_REASON_LENGTH_MAX: usize = 200;
/// How often the file of orders is looked at; it is read when it was the same at two looks.
pub const ORDERS_LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// How long an answer may be on its way before the TTL in it begins to run out.
pub const ANSWER_TRAVEL: Duration = Duration::from_secs(1);

/// News that wait for a courier: as many as all that may change at once in a large configuration.
pub const NEWS_QUEUED_MAX: usize = 10_000;
/// Notices of one delivery; more wait for the next, a second later.
pub const NOTICES_MAX: usize = 1000;
/// How long a courier gathers what changes together.
pub const NOTIFY_GATHER: Duration = Duration::from_millis(100);
/// From the start of one delivery to the next, at least.
pub const NOTIFY_PACE: Duration = Duration::from_secs(1);
/// Programs and servers need some time to take anything.
pub const NOTIFY_TIMEOUT_MIN: Duration = Duration::from_millis(100);
/// What takes longer holds up all that comes after it.
pub const NOTIFY_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Octets of a webhook's URL.
pub const WEBHOOK_LENGTH_MAX: usize = 2000;
/// How often a webhook is tried before its notices are lost.
pub const WEBHOOK_TRIES: u32 = 3;
/// How long to wait before the second try; twice as long before the third.
pub const WEBHOOK_RETRY_PAUSE: Duration = Duration::from_secs(1);

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
const _: () = assert!(12 + 244 + 16 * ANSWERS_MAX <= UDP_PAYLOAD_LENGTH_MIN, "header, question and A records");
const _: () = assert!(
    12 + NAME_LENGTH_MAX + 4 + 11 + 24 + 4 + SERVER_TEXT_LENGTH_MAX <= UDP_PAYLOAD_LENGTH_MIN,
    "header, question, OPT, subnet and NSID"
);
const _: () = assert!(SERVER_TEXT_LENGTH_MAX <= CHARACTER_STRING_LENGTH_MAX);
const _: () = assert!(UDP_PAYLOAD_LENGTH_MIN <= UDP_PAYLOAD_LENGTH_MAX);
const _: () = assert!(UDP_PAYLOAD_LENGTH_MAX <= UDP_REPLY_LENGTH_MAX);
const _: () = assert!(STREAM_SEND_BUFFER_LENGTH >= 2 * MESSAGE_LENGTH_MAX);
const _: () = assert!(BLIND_SHARE < SIGHT_SHARE, "it takes more to be trusted again than not to be doubted");
const _: () = assert!(NEAREST_LENGTH <= POLICY_CHILDREN_MAX);
const _: () = assert!(EDGE_REFRESH_MIN.as_millis() <= EDGE_RETRY_MAX.as_millis());
const _: () = assert!(EDGE_ADDRESSES_MAX <= ANSWERS_MAX);
