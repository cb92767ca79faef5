//! What probes are called in the log and in notices: the endpoints that they judge.
//! Made once for the policies that answer, when somebody is first called: thousands may change in one moment.

use std::collections::HashMap;
use std::sync::Arc;

use crate::health::ProbeKey;
use crate::snapshot::Policies;

/// The names of the probes of one set of policies.
#[derive(Debug, Default)]
pub(super) struct Names {
    policies: Option<Arc<Policies>>,
    by_key: HashMap<ProbeKey, String>,
}

impl Names {
    /// The endpoints that a probe of these policies judges, as `pool/endpoint`, with blanks between.
    pub(super) fn of(&mut self, policies: &Arc<Policies>, key: &ProbeKey) -> String {
        if !self.policies.as_ref().is_some_and(|known| Arc::ptr_eq(known, policies)) {
            let names = policies.endpoints_by_probe().into_iter().map(|names| names.join(" "));
            self.by_key = policies.probes().iter().map(|probe| probe.key.clone()).zip(names).collect();
            self.policies = Some(Arc::clone(policies));
        }
        self.by_key.get(key).cloned().unwrap_or_default()
    }
}
