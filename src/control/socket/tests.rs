//! A real socket in a folder of its own, with good, slow, talkative and silent clients.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener as BlockingListener, UnixStream as BlockingStream};
use std::time::Duration;

use super::*;
use crate::control::{ExplainRequest, call};

/// Answers every request with its own text.
fn echo() -> mpsc::Sender<(Request, oneshot::Sender<Reply>)> {
    let (sender, mut requests) = mpsc::channel::<(Request, oneshot::Sender<Reply>)>(1);
    tokio::spawn(async move {
        while let Some((request, answer)) = requests.recv().await {
            let _ = answer.send(Reply { exit: 1, out: format!("{request:?}"), err: "fault".into() });
        }
    });
    sender
}

/// Calls from a thread of its own, as another process would.
async fn called(path: &Path, request: Request) -> Reply {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || call(&path, &request)).await.unwrap()
}

/// What comes back for these octets.
async fn sent(path: &Path, octets: Vec<u8>) -> String {
    let path = path.to_owned();
    let talk = move || {
        let mut stream = BlockingStream::connect(path).unwrap();
        let _ = stream.write_all(&octets);
        let mut reply = String::new();
        let _ = stream.read_to_string(&mut reply);
        reply
    };
    tokio::task::spawn_blocking(talk).await.unwrap()
}

#[tokio::test]
async fn a_request_goes_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signpost.sock");
    let listening = listen(&path, echo()).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let question = ExplainRequest { name: "www.example.com".into(), client: "192.0.2.1".into(), ..Default::default() };
    for request in [Request::Reload, Request::Orders(true), Request::Explain(question)] {
        let expected = Reply { exit: 1, out: format!("{request:?}"), err: "fault".into() };
        assert_eq!(called(&path, request).await, expected);
    }
    drop(listening);
    assert!(!path.exists());
    let expected = format!("error: no server listens on \"{}\"\n  help: is it running, with this --config?\n", path.display());
    assert_eq!(called(&path, Request::Reload).await, Reply::could_not_run(expected));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signpost.sock");
    let _listening = listen(&path, echo()).await.unwrap();
    let cases = [
        (b"\"reboot\"\n".to_vec(), "does not understand this request: unknown variant `reboot`"),
        (b"\xff\n".to_vec(), "does not understand this request"),
        (vec![b' '; CONTROL_REQUEST_LENGTH_MAX + 1], "longer than 16384 octets"),
        (vec![b'x'; 1 << 20], "longer than 16384 octets"),
    ];
    for (octets, expected) in cases {
        let reply = sent(&path, octets).await;
        assert!(reply.starts_with("{\"exit\":2,") && reply.contains(expected), "{reply}");
    }
    assert_eq!(called(&path, Request::Reload).await.out, "Reload");
}

#[tokio::test(start_paused = true)]
async fn silent_clients_are_let_go_of_and_others_wait_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signpost.sock");
    let _listening = listen(&path, echo()).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..CONTROL_CONNECTIONS_MAX {
        silent.push(UnixStream::connect(&path).await.unwrap());
    }
    let mut patient = UnixStream::connect(&path).await.unwrap();
    patient.write_all(b"\"reload\"\n").await.unwrap();
    let mut reply = String::new();
    assert!(timeout(CONTROL_IO_DEADLINE - Duration::from_millis(1), patient.read_to_string(&mut reply)).await.is_err());
    patient.read_to_string(&mut reply).await.unwrap();
    assert!(reply.contains("Reload"), "{reply}");
    let mut farewell = String::new();
    silent.remove(0).read_to_string(&mut farewell).await.unwrap();
    assert!(farewell.contains("no request came within 5 s"), "{farewell}");
}

#[tokio::test]
async fn a_daemon_that_is_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signpost.sock");
    let (sender, requests) = mpsc::channel(1);
    drop(requests);
    let _listening = listen(&path, sender).await.unwrap();
    let reply = called(&path, Request::Reload).await;
    assert!(reply.exit == 2 && reply.err.starts_with("error: the server is shutting down\n  help: "), "{reply:?}");
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signpost.sock");
    drop(BlockingListener::bind(&path).unwrap());
    assert!(path.exists(), "a listener that ends leaves its file");
    let _listening = listen(&path, echo()).await.unwrap();
    let refused = listen(&path, echo()).await.unwrap_err().to_string();
    assert!(refused.contains("another server answers on it"), "{refused}");
    assert_eq!(called(&path, Request::Reload).await.out, "Reload", "the first still answers");

    let file = folder.path().join("notes.txt");
    fs::write(&file, "mine").unwrap();
    let refused = listen(&file, echo()).await.unwrap_err().to_string();
    assert!(refused.contains("another kind of file"), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

#[tokio::test]
async fn a_server_that_breaks_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signpost.sock");
    let listener = BlockingListener::bind(&path).unwrap();
    let broken = std::thread::spawn(move || {
        for farewell in [&b""[..], b"{\"exit\":"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 9];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(farewell).unwrap();
        }
    });
    for _ in 0..2 {
        let reply = called(&path, Request::Reload).await;
        assert!(reply.exit == 2 && reply.err.contains("gave no proper reply"), "{reply:?}");
    }
    broken.join().unwrap();
}
