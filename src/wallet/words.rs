//! BIP 39: the 12 or 24 English words that a wallet can be restored from.

use std::fmt;
use std::str::FromStr;

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use super::derive::Seed;
use crate::rpc::suggest::edit_distance;

/// Edits between a mistyped word and one that is suggested for it. With more, guesses are no help.
const SUGGESTION_EDITS_MAX: usize = 2;

/// Letters that tell each word of the list from all others (BIP 39).
const TELLING_LETTERS: usize = 4;

/// How many words a wallet has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WordCount {
    /// 128 bits: as hard to guess as an Ed25519 key.
    #[default]
    Twelve,
    /// 256 bits.
    TwentyFour,
}

/// 12 or 24 words with a matching checksum, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Words(Mnemonic);

/// Why a text is no set of words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// A word that is not in the English list.
    #[error("word {position}, `{word}`, is not in the list of words{}", did_you_mean(*suggestion))]
    UnknownWord {
        /// Counted from 1.
        position: usize,
        /// As typed, in lower case.
        word: String,
        /// The closest word of the list, if any is close.
        suggestion: Option<&'static str>,
    },
    /// Neither 12 nor 24 words.
    #[error("a wallet has 12 or 24 words, these are {0}")]
    Count(usize),
    /// Not even a count that BIP 39 knows.
    #[error("BIP 39 knows 12, 15, 18, 21 and 24 words, these are {0}")]
    CountOfNoWallet(usize),
    /// Each word is in the list, and yet they do not belong together.
    #[error(
        "these words do not belong together: one of them is another word of the list than it should be, \
         or two have changed places; compare them with what was written down"
    )]
    Checksum,
    /// Entropy of another length than 16 or 32 bytes.
    #[error("12 words stand for 16 bytes of entropy and 24 for 32, not for {0}")]
    EntropyLength(usize),
}

impl Words {
    /// New words from 32 random bytes; 12 words use the first half of them.
    pub fn new(count: WordCount, random: &[u8; 32]) -> Self {
        let entropy = match count {
            WordCount::Twelve => &random[..16],
            WordCount::TwentyFour => random,
        };
        Self::from_entropy(entropy).expect("16 and 32 bytes are the two lengths words stand for")
    }

    /// The words that stand for 16 or 32 bytes of entropy.
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, WordsError> {
        if !matches!(entropy.len(), 16 | 32) {
            return Err(WordsError::EntropyLength(entropy.len()));
        }
        Mnemonic::from_entropy(entropy).map(Self).map_err(|_| WordsError::EntropyLength(entropy.len()))
    }

    /// The entropy the words stand for: 16 or 32 bytes.
    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_entropy().into()
    }

    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    /// The words in one line.
    pub fn phrase(&self) -> Zeroizing<String> {
        self.0.to_string().into()
    }

    /// The seed of all keys; another passphrase gives another wallet, and the empty one is none.
    pub fn seed(&self, passphrase: &str) -> Seed {
        let bytes = Zeroizing::new(self.0.to_seed(passphrase));
        Seed::from_bytes(bytes.as_ref()).expect("a seed of BIP 39 has 64 bytes, which is within the limits")
    }
}

/// Reads words in any case, apart by any white space.
impl FromStr for Words {
    type Err = WordsError;

    fn from_str(text: &str) -> Result<Self, WordsError> {
        let refused = |count| (!matches!(count, 12 | 24)).then_some(WordsError::Count(count));
        read(text, refused).map(Self)
    }
}

/// The seed of words of any count that BIP 39 knows: other wallets make 15, 18 and 21 of them, too.
pub fn seed_of_phrase(text: &str, passphrase: &str) -> Result<Seed, WordsError> {
    let refused =
        |count| (!matches!(count, 12 | 15 | 18 | 21 | 24)).then_some(WordsError::CountOfNoWallet(count));
    read(text, refused).map(|mnemonic| Words(mnemonic).seed(passphrase))
}

fn read(text: &str, refused: impl Fn(usize) -> Option<WordsError>) -> Result<Mnemonic, WordsError> {
    let text = Zeroizing::new(text.to_lowercase());
    if let Some((index, word)) = text.split_whitespace().enumerate().find(|(_, word)| !is_listed(word)) {
        let suggestion = suggestion_for(word);
        return Err(WordsError::UnknownWord { position: index + 1, word: word.into(), suggestion });
    }
    match refused(text.split_whitespace().count()) {
        Some(error) => Err(error),
        None => Mnemonic::parse_in_normalized(Language::English, &text).map_err(|_| WordsError::Checksum),
    }
}

/// Hidden: words must not reach a log.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(hidden)")
    }
}

fn is_listed(word: &str) -> bool {
    Language::English.find_word(word).is_some()
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|word| format!(": did you mean `{word}`?")).unwrap_or_default()
}

/// The word that begins with the same four letters, else the one with the fewest edits.
fn suggestion_for(typed: &str) -> Option<&'static str> {
    let list = Language::English.word_list();
    let beginning: String = typed.chars().take(TELLING_LETTERS).collect();
    let same_beginning = || list.iter().find(|word| word.starts_with(&beginning)).copied();
    if beginning.len() == TELLING_LETTERS
        && let Some(word) = same_beginning()
    {
        return Some(word);
    }
    let edits = |word: &&'static str| (edit_distance(typed, word), *word);
    list.iter().map(edits).min().filter(|(edits, _)| *edits <= SUGGESTION_EDITS_MAX).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../../tests/vectors/bip39-english.json");

    #[test]
    fn the_published_words_have_the_published_entropy_and_seed() {
        let vectors: Vec<[String; 4]> = serde_json::from_str(VECTORS).unwrap();
        assert_eq!(vectors.len(), 24);
        for [entropy, phrase, seed, _] in &vectors {
            let entropy = hex::decode(entropy).unwrap();
            if entropy.len() == 24 {
                assert_eq!(Words::from_entropy(&entropy), Err(WordsError::EntropyLength(24)));
                assert_eq!(phrase.parse::<Words>(), Err(WordsError::Count(18)));
                continue;
            }
            let words = Words::from_entropy(&entropy).unwrap();
            assert_eq!(words.phrase().as_str(), phrase);
            assert_eq!(phrase.parse(), Ok(words.clone()));
            assert_eq!(words.entropy().as_slice(), entropy);
            assert_eq!(words.seed("TREZOR"), Seed::from_hex(seed).unwrap());
        }
    }

    #[test]
    fn every_published_phrase_has_its_seed_and_other_counts_are_refused() {
        let vectors: Vec<[String; 4]> = serde_json::from_str(VECTORS).unwrap();
        for [_, phrase, seed, _] in &vectors {
            assert_eq!(seed_of_phrase(phrase, "TREZOR").unwrap(), Seed::from_hex(seed).unwrap());
        }
        assert_eq!(seed_of_phrase("zoo zoo zoo", ""), Err(WordsError::CountOfNoWallet(3)));
    }

    #[test]
    fn words_are_read_in_any_case_and_layout() {
        let typed = " Test test\tTEST test test test\ntest test test test test  junk ";
        assert_eq!(
            typed.parse::<Words>().unwrap().phrase().as_str(),
            "test test test test test test test test test test test junk"
        );
    }

    #[test]
    fn a_mistyped_word_is_named_with_its_position_and_a_suggestion() {
        let refusal = |words: &str| words.parse::<Words>().unwrap_err().to_string();
        let start = "test test test test test test test test test test test";
        assert_eq!(
            refusal(&format!("{start} jnuk")),
            "word 12, `jnuk`, is not in the list of words: did you mean `junk`?"
        );
        assert_eq!(
            refusal("abandom ability"),
            "word 1, `abandom`, is not in the list of words: did you mean `abandon`?"
        );
        assert_eq!(refusal("zoo żółwiejący"), "word 2, `żółwiejący`, is not in the list of words");
    }

    #[test]
    fn a_wrong_count_and_swapped_words_are_told_apart() {
        assert_eq!("".parse::<Words>(), Err(WordsError::Count(0)));
        assert_eq!("zoo zoo zoo".parse::<Words>(), Err(WordsError::Count(3)));
        let swapped = "junk test test test test test test test test test test test";
        assert_eq!(swapped.parse::<Words>(), Err(WordsError::Checksum));
    }

    #[test]
    fn new_words_have_the_count_asked_for_and_are_not_shown_by_accident() {
        for (count, words) in [(WordCount::Twelve, 12), (WordCount::TwentyFour, 24)] {
            let new = Words::new(count, &[7; 32]);
            assert_eq!(new.iter().count(), words);
            assert_eq!(new.phrase().parse(), Ok(new.clone()));
            assert_eq!(format!("{new:?}"), "Words(hidden)");
        }
    }

    #[test]
    fn the_passphrase_changes_the_seed() {
        let words = Words::from_entropy(&[7; 16]).unwrap();
        assert_ne!(words.seed(""), words.seed("stone"));
    }
}
