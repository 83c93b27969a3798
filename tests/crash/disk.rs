//! A disk in memory on which recorded operations are done again: what programs see of it now, and what of that is
//! certain to outlive a loss of power.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::log::Operation;

/// A file or folder. Inode numbers are given out again, these are not.
pub(crate) type Id = usize;

/// Names in a folder.
pub(crate) type Names = BTreeMap<String, Id>;

#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) nodes: Vec<Node>,
    by_inode: HashMap<u64, Id>,
}

#[derive(Debug)]
pub(crate) enum Node {
    File(File),
    Folder(Folder),
}

#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) now: Vec<u8>,
    pub(crate) durable: Vec<u8>,
    /// What happened since the last sync, in order.
    pub(crate) pending: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(crate) enum Change {
    Write { offset: usize, data: Vec<u8> },
    Resize(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) now: Names,
    pub(crate) durable: Names,
    /// What happened since the last sync, in order.
    pub(crate) pending: Vec<NameChange>,
}

#[derive(Debug, Clone)]
pub(crate) enum NameChange {
    Add(String, Id),
    Remove(String),
    Move { from: String, to: String, id: Id },
}

impl Change {
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => write_at(bytes, *offset, data),
            Self::Resize(length) => bytes.resize(*length, 0),
        }
    }
}

impl NameChange {
    /// A move of a name whose making is not on the disk makes it under its new name.
    pub(crate) fn apply(&self, names: &mut Names) {
        match self {
            Self::Add(name, id) => {
                names.insert(name.clone(), *id);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Move { from, to, id } => {
                names.remove(from);
                names.insert(to.clone(), *id);
            }
        }
    }
}

/// Writes into bytes as into a file: what lies between its end and the place written becomes zeros.
pub(crate) fn write_at(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

impl Disk {
    /// The root's id.
    pub(crate) const ROOT: Id = 0;

    /// What lies in a folder, all of it durable.
    pub(crate) fn of_folder(root: &Path) -> Self {
        let mut disk = Self::default();
        disk.take_in(root);
        disk
    }

    fn take_in(&mut self, path: &Path) -> Id {
        let id = self.nodes.len();
        let metadata = fs::metadata(path).unwrap();
        self.by_inode.insert(metadata.ino(), id);
        if metadata.is_file() {
            let now = fs::read(path).unwrap();
            self.nodes.push(Node::File(File { durable: now.clone(), now, pending: Vec::new() }));
            return id;
        }
        self.nodes.push(Node::Folder(Folder::default()));
        let mut names = Names::new();
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            names.insert(entry.file_name().into_string().unwrap(), self.take_in(&entry.path()));
        }
        self.nodes[id] = Node::Folder(Folder { durable: names.clone(), now: names, pending: Vec::new() });
        id
    }

    /// Does an operation again.
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Create { path, inode } => self.add(path, *inode, Node::File(File::default())),
            Operation::MakeFolder { path, inode } => self.add(path, *inode, Node::Folder(Folder::default())),
            Operation::Resize { inode, length } => self.change(*inode, Change::Resize(*length as usize)),
            Operation::Write { inode, offset, data } => {
                self.change(*inode, Change::Write { offset: *offset as usize, data: data.clone() });
            }
            Operation::Sync { inode } => self.sync(*inode),
            Operation::Unlink { path } | Operation::RemoveFolder { path } => {
                let (folder, name) = self.place(path);
                self.rename(folder, NameChange::Remove(name));
            }
            Operation::Rename { from, to } => {
                let ((folder, from), (target, to)) = (self.place(from), self.place(to));
                assert_eq!(folder, target, "files are renamed inside a folder");
                let id = self.folder(folder).now[&from];
                self.rename(folder, NameChange::Move { from, to, id });
            }
            Operation::SyncRange | Operation::Mark(_) => {}
        }
    }

    pub(crate) fn folder(&self, id: Id) -> &Folder {
        match &self.nodes[id] {
            Node::Folder(folder) => folder,
            Node::File(_) => panic!("a file is used as a folder"),
        }
    }

    fn add(&mut self, path: &str, inode: u64, node: Node) {
        let (folder, name) = self.place(path);
        let id = self.nodes.len();
        self.nodes.push(node);
        self.by_inode.insert(inode, id);
        self.rename(folder, NameChange::Add(name, id));
    }

    fn change(&mut self, inode: u64, change: Change) {
        let Node::File(file) = &mut self.nodes[self.by_inode[&inode]] else {
            panic!("a folder is written to")
        };
        change.apply(&mut file.now);
        file.pending.push(change);
    }

    fn rename(&mut self, folder: Id, change: NameChange) {
        let Node::Folder(folder) = &mut self.nodes[folder] else { panic!("a file is used as a folder") };
        change.apply(&mut folder.now);
        folder.pending.push(change);
    }

    fn sync(&mut self, inode: u64) {
        match &mut self.nodes[self.by_inode[&inode]] {
            Node::File(file) => file.pending.drain(..).for_each(|change| change.apply(&mut file.durable)),
            Node::Folder(folder) => {
                folder.pending.drain(..).for_each(|change| change.apply(&mut folder.durable));
            }
        }
    }

    /// The folder that holds a path, and the name there.
    fn place(&self, path: &str) -> (Id, String) {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = folders
            .split('/')
            .filter(|name| !name.is_empty())
            .fold(Self::ROOT, |folder, name| self.folder(folder).now[name]);
        (folder, name.to_owned())
    }
}
