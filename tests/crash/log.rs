//! The recorder's log, read back: what a process did to the files below a folder, in order.

/// Numbers of the records, as in `recorder.c`.
mod kind {
    pub(super) const CREATE: u8 = 1;
    pub(super) const RESIZE: u8 = 2;
    pub(super) const WRITE: u8 = 3;
    pub(super) const SYNC: u8 = 4;
    pub(super) const RENAME: u8 = 5;
    pub(super) const UNLINK: u8 = 6;
    pub(super) const MKDIR: u8 = 7;
    pub(super) const RMDIR: u8 = 8;
    pub(super) const RANGE: u8 = 9;
    pub(super) const MARK: u8 = 10;
    pub(super) const UNKNOWN: u8 = 11;
}

/// One operation that succeeded. Paths are relative to the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Create {
        path: String,
        inode: u64,
    },
    Resize {
        inode: u64,
        length: u64,
    },
    Write {
        inode: u64,
        offset: u64,
        data: Vec<u8>,
    },
    /// `fsync` or `fdatasync`, of a file or a folder.
    Sync {
        inode: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    MakeFolder {
        path: String,
        inode: u64,
    },
    RemoveFolder {
        path: String,
    },
    /// `sync_file_range`: promises nothing.
    SyncRange,
    /// What the program wrote to the file of marks.
    Mark(String),
}

impl Operation {
    /// Whether a process that is killed after it leaves other files than one that is killed before it.
    pub(crate) fn changes_files(&self) -> bool {
        !matches!(self, Self::Sync { .. } | Self::SyncRange | Self::Mark(_))
    }
}

/// All operations of a log. Panics at what the replay does not know: then it would be no replay.
pub(crate) fn parse(bytes: &[u8]) -> Vec<Operation> {
    let mut rest = Fields(bytes);
    let mut operations = Vec::new();
    while !rest.0.is_empty() {
        operations.push(rest.operation());
    }
    operations
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn operation(&mut self) -> Operation {
        match self.take(1)[0] {
            kind::CREATE => Operation::Create { path: self.text(), inode: self.number() },
            kind::RESIZE => Operation::Resize { inode: self.number(), length: self.number() },
            kind::WRITE => {
                Operation::Write { inode: self.number(), offset: self.number(), data: self.bytes().to_vec() }
            }
            kind::SYNC => Operation::Sync { inode: self.number() },
            kind::RENAME => Operation::Rename { from: self.text(), to: self.text() },
            kind::UNLINK => Operation::Unlink { path: self.text() },
            kind::MKDIR => Operation::MakeFolder { path: self.text(), inode: self.number() },
            kind::RMDIR => Operation::RemoveFolder { path: self.text() },
            kind::RANGE => {
                self.number();
                Operation::SyncRange
            }
            kind::MARK => Operation::Mark(self.text()),
            kind::UNKNOWN => {
                panic!("the program did something that the replay does not know: {}", self.text())
            }
            other => panic!("the log holds a record of kind {other}"),
        }
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(count).expect("a log ends with a whole record");
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(*self.take(8).first_chunk().expect("8 bytes were taken"))
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = u32::from_le_bytes(*self.take(4).first_chunk().expect("4 bytes were taken"));
        self.take(length as usize)
    }

    fn text(&mut self) -> String {
        String::from_utf8(self.bytes().to_vec()).expect("names are UTF-8 here")
    }
}
