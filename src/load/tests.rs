//! A loader over a folder of files: what is served after each change, what is told of it, and whether it is noticed.

use super::*;

const CONFIG: &str = "include = [\"conf.d/*.toml\", \"*.toml\"]\n[server]\nlisten = \"127.0.0.1:0\"\n";
const HEAD: &str = "$TTL 60\n@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n";

/// Files in a folder, and the loader that reads them.
struct Files {
    folder: tempfile::TempDir,
    loader: Loader,
}

impl Files {
    /// A configuration with an included file of pools and the zone example.com.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let loader = Loader::new(folder.path().join("signpost.toml"), 7);
        let mut files = Self { folder, loader };
        files.write("signpost.toml", CONFIG);
        files.write("conf.d/pools.toml", &pools(["aaa", "bbb"]));
        files.write("zones/example.com.zone", HEAD);
        files.serves(&["example.com."], "");
        files
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        std::fs::write(self.path(file), text).unwrap();
    }

    fn remove(&self, file: &str) {
        std::fs::remove_file(self.path(file)).unwrap();
    }

    /// Loads; these zones are served, and the errors hold `fault`, or there are none where it is empty.
    #[track_caller]
    fn serves(&mut self, zones: &[&str], fault: &str) -> Loaded {
        let loaded = self.loader.load().unwrap_or_else(|report| panic!("{}", report.text()));
        let served: Vec<String> = loaded.snapshot.zones().iter().map(|linked| linked.zone.apex().to_string()).collect();
        assert_eq!(served, zones);
        assert_eq!(loaded.report.errors() > 0, !fault.is_empty(), "{}", loaded.report.text());
        assert!(loaded.report.text().contains(fault), "{}", loaded.report.text());
        assert!(!self.loader.is_changed(self.loader.look()), "nothing changed since");
        loaded
    }

    /// Loads in vain, for this reason.
    #[track_caller]
    fn refuses(&mut self, fault: &str) {
        let report = self.loader.load().expect_err("it loads");
        assert!(report.text().contains(fault), "{}", report.text());
    }
}

/// Two pools in this order: the first answers 192.0.2.1, the second 192.0.2.2.
fn pools(names: [&str; 2]) -> String {
    let pool = |(last, name)| format!("[pool.{name}]\nendpoints = {{ name = \"e\", v4 = \"192.0.2.{last}\" }}\n");
    (1..).zip(names).map(pool).collect()
}

#[test]
fn every_change_of_what_was_read_is_noticed() {
    for (what, file, text) in [
        ("a changed zone", "zones/example.com.zone", Some("$TTL 1")),
        ("a new zone", "zones/example.org.zone", Some(HEAD)),
        ("a zone that is gone", "zones/example.com.zone", None),
        ("a changed configuration", "signpost.toml", Some("")),
        ("a changed file that is included", "conf.d/pools.toml", Some("")),
        ("a new file that a pattern names", "conf.d/more.toml", Some("")),
        ("no file left that a pattern names", "conf.d/pools.toml", None),
    ] {
        let files = Files::new();
        match text {
            Some(text) => files.write(file, text),
            None => files.remove(file),
        }
        assert!(files.loader.is_changed(files.loader.look()), "{what}");
    }
}

#[test]
fn other_files_are_no_change() {
    let files = Files::new();
    for other in ["zones/notes.txt", "zones/.example.org.zone.swp", "conf.d/pools.toml~", "zones/sub/deep.zone"] {
        files.write(other, "");
        assert!(!files.loader.is_changed(files.loader.look()), "{other}");
    }
}

#[test]
fn a_folder_that_comes_later_is_noticed_from_above() {
    let mut files = Files::new();
    files.write("signpost.toml", &CONFIG.replace("conf.d", "later.d"));
    files.refuses("can't read the folder");
    assert!(files.loader.folders().contains(&files.folder.path().to_owned()), "watched for the folder to come");
    files.write("later.d/pools.toml", &pools(["aaa", "bbb"]));
    assert!(files.loader.is_changed(files.loader.look()));
    files.serves(&["example.com."], "");
}

#[test]
fn an_included_zone_file_that_comes_later_is_noticed() {
    let mut files = Files::new();
    files.write("zones/example.com.zone", &format!("{HEAD}$INCLUDE hosts\n"));
    let names = |loaded: Loaded| loaded.report.names;
    assert_eq!(names(files.serves(&["example.com."], "no such file")), 2, "the last good version");
    files.write("zones/hosts", "www A 192.0.2.1\n");
    assert!(files.loader.is_changed(files.loader.look()));
    assert_eq!(names(files.serves(&["example.com."], "")), 3);
}

#[test]
fn of_two_files_for_one_zone_neither_is_read() {
    let mut files = Files::new();
    // It sorts before the file that is served.
    files.write("zones/EXAMPLE.com.zone", &format!("{HEAD}www A 192.0.2.1\n"));
    let loaded = files.serves(&["example.com."], "hold the same zone");
    assert_eq!(loaded.report.names, 2, "the last good version");
    files.remove("zones/example.com.zone");
    assert_eq!(files.serves(&["EXAMPLE.com."], "").report.names, 3);
}

#[test]
fn a_zone_that_the_configuration_binds_follows_the_name_and_not_its_index() {
    let mut files = Files::new();
    let steer = |pool: &str| format!("[zone.\"example.com\"]\nsteer = {{ www = \"{pool}\" }}\n");
    files.write("zones/example.com.zone", &format!("{HEAD}www A 192.0.2.1\n"));
    files.write("conf.d/zones.toml", &steer("aaa"));
    files.serves(&["example.com."], "");
    // Both pools change their names, so that the index in the configuration is the same as before.
    files.write("conf.d/pools.toml", &pools(["bbb", "aaa"]));
    files.write("conf.d/zones.toml", &steer("bbb"));
    let loaded = files.serves(&["example.com."], "");
    let bound = &loaded.snapshot.zones()[0];
    assert_eq!(bound.zone.bindings()[0].target, "bbb");
    assert_eq!(loaded.snapshot.policies.find("bbb"), Some(bound.links[0].node));
}

#[test]
fn a_configuration_that_would_lose_a_served_zone_is_refused_whole() {
    let mut files = Files::new();
    files.write("zones/example.com.zone", &format!("{HEAD}www A 192.0.2.1\n_steer.www TXT aaa\n"));
    files.serves(&["example.com."], "");
    files.write("conf.d/pools.toml", &pools(["ccc", "bbb"]));
    files.refuses("zones/example.com.zone:6:16: error: policy \"aaa\" is not defined");
    files.write("conf.d/pools.toml", &pools(["aaa", "bbb"]));
    files.serves(&["example.com."], "");
}

#[test]
fn a_name_that_is_no_zone_is_told_and_the_others_go_on() {
    let mut files = Files::new();
    files.write("zones/a..b.zone", HEAD);
    files.serves(&["example.com."], "is no zone");
}

#[test]
fn a_zone_that_is_gone_is_told() {
    let mut files = Files::new();
    files.write("zones/example.net.zone", HEAD);
    files.serves(&["example.com.", "example.net."], "");
    files.remove("zones/example.net.zone");
    let told = files.serves(&["example.com."], "").report.text();
    assert!(told.contains("warning: the zone \"example.net.\" has no file any more and is no longer served"), "{told}");
    assert!(!files.serves(&["example.com."], "").report.text().contains("no longer served"), "once");
}

#[test]
fn a_load_that_would_leave_no_zone_is_refused_and_forgets_none() {
    let mut files = Files::new();
    files.remove("zones/example.com.zone");
    files.refuses("error: no zone would be left: the folder ");
    // Another one that is bad is none either.
    files.write("zones/example.org.zone", "www A 192.0.2.1\n");
    files.refuses("error: no zone would be left: the folder ");
    files.write("zones/example.com.zone", HEAD);
    files.remove("zones/example.org.zone");
    files.serves(&["example.com."], "");
}

#[test]
fn a_bad_configuration_repeats_nothing_about_zones_that_did_not_change() {
    let mut files = Files::new();
    files.write("zones/example.com.zone", &format!("{HEAD}@ MX 10 mail\n"));
    assert!(files.serves(&["example.com."], "").report.text().contains("mail.example.com."));
    files.write("signpost.toml", "[server\n");
    let told = |files: &mut Files| files.loader.load().unwrap_err().text();
    let text = told(&mut files);
    assert!(!text.contains("example.com.zone"), "{text}");
    files.write("zones/example.com.zone", &format!("{HEAD}@ MX 10 post\n"));
    let text = told(&mut files);
    assert!(text.contains("post.example.com."), "what is new is told: {text}");
}
