//! The way in: texts to [`Config`], with every fault of every file in one run.
//!
//! Each file is read on its own into the [`Spec`]; what they mean together is found out in `resolve.rs`.

use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::document::{self, Faults, Text};
use super::keys::{INCLUDED, ROOT};
use super::resolve::resolve;
use super::spec::{NodeSpec, Spec};
use super::table::{File, Item, Table};
use super::{Config, check, notices, policy, pool, server, zone};
use crate::diagnostic::{Diagnostic, FileId, Source, Span};

/// The patterns that `signpost.toml` includes, as they are written, and what is wrong with them.
///
/// [`parse`] does not look at them again. A text that can't be read at all includes nothing here; [`parse`] says why.
pub fn includes(source: &Source) -> (Vec<(String, Span)>, Vec<Diagnostic>) {
    let Some(root) = document::toml(source, &Faults::default()) else {
        return (Vec::new(), Vec::new());
    };
    let faults = Faults::default();
    let file = File { text: Text { source, folder: Path::new("") }, faults: &faults };
    let item = root.get_ref().get("include");
    let item = item.map(|value| Item { file, value: value.get_ref(), span: file.span(value.span()) });
    let patterns = item.map_or(Vec::new(), Item::list).into_iter().filter_map(|item| {
        let help = "patterns count from the folder of signpost.toml; \"*\" stands for any part of a file's name";
        let pattern = item.text_such_that("a pattern such as \"conf.d/*.toml\"", help, |text| !text.is_empty())?;
        Some((pattern.to_owned(), item.span))
    });
    let patterns = patterns.collect();
    (patterns, faults.into_diagnostics(&[source.id()]))
}

/// Reads `signpost.toml`, the first of `files`, and what it includes; `None` if any diagnostic is an error.
pub fn parse(files: &[Text<'_>]) -> (Option<Config>, Vec<Diagnostic>) {
    let faults = Faults::default();
    let order: Vec<FileId> = files.iter().map(|text| text.source.id()).collect();
    let roots: Vec<Option<Spanned<DeTable<'_>>>> = files.iter().map(|text| document::toml(text.source, &faults)).collect();
    let (mut spec, mut notify) = (Spec::default(), None);
    for (at, (text, root)) in files.iter().zip(&roots).enumerate() {
        let Some(root) = root else {
            continue;
        };
        let file = File { text: *text, faults: &faults };
        let table = file.table(root.get_ref(), if at == 0 { &ROOT } else { &INCLUDED });
        if at == 0 {
            spec.server = table.read("server", server::read);
            notify = table.read("notify", notices::read);
        }
        read_nouns(&table, &mut spec);
    }
    // What a file that can't be read defines would only seem to be missing.
    let folder = files.first().map(|text| text.folder).filter(|_| roots.iter().all(Option::is_some));
    let config = folder.and_then(|folder| resolve(spec, notify, folder, &faults));
    let config = config.filter(|_| !faults.any_error());
    (config, faults.into_diagnostics(&order))
}

fn read_nouns(table: &Table<'_>, spec: &mut Spec) {
    let members = |key: &str, example: &str| {
        let help = format!("write [{example}], then its keys on lines of their own");
        table.get(key).map_or(Vec::new(), |item| item.members(&format!("tables such as [{example}]"), &help))
    };
    spec.checks.extend(members("check", "check.web").into_iter().filter_map(|(name, item)| check::read(name, item)));
    let mut nodes: Vec<NodeSpec> = Vec::new();
    let pools = members("pool", "pool.eu");
    nodes.extend(pools.into_iter().filter_map(|(name, item)| pool::read(name, item).map(NodeSpec::Pool)));
    let policies = members("policy", "policy.web");
    nodes.extend(policies.into_iter().filter_map(|(name, item)| policy::read(name, item).map(NodeSpec::Policy)));
    nodes.sort_by_key(|node| node.common().span.start);
    spec.nodes.append(&mut nodes);
    spec.zones.extend(members("zone", "zone.\"example.com\"").into_iter().filter_map(|(name, item)| zone::read(name, item)));
}
