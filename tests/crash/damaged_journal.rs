//! Journals that are damaged before the recovery that is crashed.

use std::collections::BTreeMap;

use crate::chance::Chance;
use crate::image::Image;

/// Bytes of a segment's first record, which says what it follows.
const START_BYTES: usize = 81;

/// What has happened to a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JournalDamage {
    /// A bit of the last segment's start.
    LastStart,
    /// A bit early in the last segment: most of what follows it is in the database.
    LastEarly,
    /// A bit late in the last segment, where much is in the journal alone.
    LastLate,
    /// A bit in the segment before the last.
    Middle,
    /// That segment ends in its middle.
    MiddleCut,
    /// It is gone.
    MiddleGone,
}

impl JournalDamage {
    pub(crate) const ALL: [Self; 6] =
        [Self::LastStart, Self::LastEarly, Self::LastLate, Self::Middle, Self::MiddleCut, Self::MiddleGone];

    /// Does it to a folder; `false` where the journal is too short for that.
    pub(crate) fn apply(self, root: &mut Image, chance: &mut Chance) -> bool {
        let Some(journal) = folder(root, "node").and_then(|node| folder_in(node, "journal")) else {
            return false;
        };
        let back = usize::from(matches!(self, Self::Middle | Self::MiddleCut | Self::MiddleGone));
        let Some(name) = journal.keys().rev().nth(back).cloned() else { return false };
        if self == Self::MiddleGone {
            journal.remove(&name);
            return true;
        }
        let Some(Image::File(bytes)) = journal.get_mut(&name) else { return false };
        let length = bytes.len();
        if length <= START_BYTES + 16 {
            return false;
        }
        let records = length - START_BYTES;
        let at = match self {
            Self::LastStart => chance.below(START_BYTES),
            Self::LastEarly => START_BYTES + chance.below(records / 8),
            Self::LastLate => length - 1 - chance.below(records / 4),
            Self::Middle | Self::MiddleCut | Self::MiddleGone => START_BYTES + chance.below(records),
        };
        if self == Self::MiddleCut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << chance.below(8);
        }
        true
    }
}

/// Flips a bit of the database's file.
pub(crate) fn flip_in_database(root: &mut Image, chance: &mut Chance) {
    let database = folder(root, "node").and_then(|node| folder_in(node, "sled"));
    if let Some(Image::File(bytes)) = database.and_then(|database| database.get_mut("db"))
        && !bytes.is_empty()
    {
        let at = chance.below(bytes.len());
        bytes[at] ^= 1 << chance.below(8);
    }
}

fn folder<'a>(image: &'a mut Image, name: &str) -> Option<&'a mut BTreeMap<String, Image>> {
    let Image::Folder(entries) = image else { return None };
    folder_in(entries, name)
}

fn folder_in<'a>(
    entries: &'a mut BTreeMap<String, Image>,
    name: &str,
) -> Option<&'a mut BTreeMap<String, Image>> {
    match entries.get_mut(name)? {
        Image::Folder(entries) => Some(entries),
        Image::File(_) => None,
    }
}
