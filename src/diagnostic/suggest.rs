//! "Did you mean": the known name nearest to one that is not known.
//! Silent where nothing is near: a wrong guess costs more than none.

/// The candidate nearest to `word`, if one is near enough to be a slip of the finger.
///
/// Near enough is an edit distance (insert, delete, replace, swap neighbours) of at most a third of the word's length,
/// and at least one.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let tolerance = (length / 3).max(1);
    candidates
        .into_iter()
        // Each letter more or less is an edit; so a word of megabytes is near nothing, and costs nothing.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= tolerance)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, case ignored.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&previous, column) + usize::from(from != to))
                .min(at(&previous, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = row > 0 && column > 0 && left.get(row - 1) == Some(to) && right.get(column - 1) == Some(from);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn finds_slips_and_nothing_else() {
        let known = ["interval", "timeout", "web_eu", "us"];
        assert_eq!(did_you_mean("intervall", known), Some("interval"));
        assert_eq!(did_you_mean("itnerval", known), Some("interval"));
        assert_eq!(did_you_mean("web-eu", known), Some("web_eu"));
        assert_eq!(did_you_mean("uss", known), Some("us"));
        assert_eq!(did_you_mean("frankfurt", known), None);
        assert_eq!(did_you_mean(&"x".repeat(100_000_000), known), None, "and at once");
    }
}
