//! The order of pools and policies, children first, and the bounds of the tree that a query walks: no loop, depth, leaves.
//!
//! Nodes are indices here; whatever refers to a name that is not defined has been left out before, so each index exists.

use super::document::Faults;
use super::spec::NodeSpec;
use crate::diagnostic::Diagnostic;
use crate::limits::{POLICY_DEPTH_MAX, POLICY_LEAVES_MAX};

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Children before parents, else in the order given; `targets` are what each node refers to, as indices into `nodes`.
pub(super) fn order(nodes: &[NodeSpec], targets: &[Vec<usize>], faults: &Faults) -> Vec<usize> {
    let (order, loops) = walk(targets);
    for path in &loops {
        report_loop(nodes, path, faults);
    }
    if loops.is_empty() {
        report_sizes(nodes, targets, &order, faults);
    }
    order
}

/// Depth first without recursion, because the depth is not yet known to be bounded. Gives the order and the loops found.
fn walk(targets: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut marks = vec![Mark::New; targets.len()];
    let mut order = Vec::with_capacity(targets.len());
    let mut loops = Vec::new();
    for root in 0..targets.len() {
        // Each node on the way, and how many of its targets have been seen.
        let mut way: Vec<(usize, usize)> = Vec::new();
        if marks[root] == Mark::New {
            marks[root] = Mark::Open;
            way.push((root, 0));
        }
        while let Some((node, seen)) = way.last_mut() {
            let Some(&target) = targets[*node].get(*seen) else {
                marks[*node] = Mark::Done;
                order.push(*node);
                way.pop();
                continue;
            };
            *seen += 1;
            match marks[target] {
                Mark::New => {
                    marks[target] = Mark::Open;
                    way.push((target, 0));
                }
                Mark::Open => loops.push(way.iter().map(|(node, _)| *node).skip_while(|node| *node != target).collect()),
                Mark::Done => {}
            }
        }
    }
    (order, loops)
}

fn report_loop(nodes: &[NodeSpec], path: &[usize], faults: &Faults) {
    let way: Vec<&NodeSpec> = path.iter().filter_map(|index| nodes.get(*index)).collect();
    let (Some(first), Some(last)) = (way.first(), way.last()) else {
        return;
    };
    let back = &first.common().name;
    // The reference that closes the loop; it exists, because the walk came along it.
    let Some(closing) = last.references().into_iter().find(|reference| reference.value == *back) else {
        return;
    };
    let shown: Vec<&str> = way.iter().map(|node| node.common().name.as_str()).chain([back.as_str()]).collect();
    let fault = Diagnostic::error(closing.span, format!("policies lead back to themselves: {}", shown.join(" -> ")));
    let fault = fault.related(format!("policy \"{back}\" is defined"), first.common().span);
    faults.report(fault.label("closes the loop").help("remove one of these references; a policy must end in pools"));
}

/// Only the lowest policy that goes over a bound is reported, not all that lie above it.
fn report_sizes(nodes: &[NodeSpec], targets: &[Vec<usize>], order: &[usize], faults: &Faults) {
    let mut depths = vec![0_usize; nodes.len()];
    let mut leaves = vec![1_u64; nodes.len()];
    let leaves_max = u64::try_from(POLICY_LEAVES_MAX).unwrap_or(u64::MAX);
    for &index in order {
        let (NodeSpec::Policy(policy), below) = (&nodes[index], &targets[index]) else {
            continue;
        };
        depths[index] = 1 + below.iter().map(|&child| depths[child]).max().unwrap_or_default();
        leaves[index] = below.iter().fold(0, |sum: u64, &child| sum.saturating_add(leaves[child]));
        let (name, span) = (&policy.common.name, policy.common.span);
        if depths[index] == POLICY_DEPTH_MAX + 1 {
            let message = format!("policy \"{name}\" nests {} policies, expected at most {POLICY_DEPTH_MAX}", depths[index]);
            faults.report(Diagnostic::error(span, message).help("name the pools of inner policies directly"));
        }
        if leaves[index] > leaves_max && below.iter().all(|&child| leaves[child] <= leaves_max) {
            let message = format!("policy \"{name}\" leads to pools in {} ways, expected at most {leaves_max}", leaves[index]);
            faults.report(Diagnostic::error(span, message).help("name fewer children in it or in the policies below it"));
        }
    }
}
