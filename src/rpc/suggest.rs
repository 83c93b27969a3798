//! "Did you mean": the known word nearest to a mistyped one.

/// Largest number of edits at which a word is still suggested, as a share of its length.
const EDITS_PER_LETTERS: usize = 3;

/// The nearest of `known`, unless all are far from `word`.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let by_distance = known.into_iter().map(|candidate| (edit_distance(&word, candidate), candidate));
    by_distance
        .min()
        .filter(|(edits, candidate)| *edits * EDITS_PER_LETTERS <= candidate.len())
        .map(|(_, near)| near)
}

/// Letters to insert, remove or replace to turn one word into the other (Levenshtein), row by row.
pub fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_method_finds_its_name_and_nonsense_finds_none() {
        let known = ["getblock", "getblockcount", "getbalance", "stop"];
        assert_eq!(nearest("getblokcount", known), Some("getblockcount"));
        assert_eq!(nearest("GetBalance", known), Some("getbalance"));
        assert_eq!(nearest("xyzzy", known), None);
        assert_eq!(nearest("", known), None);
    }
}
