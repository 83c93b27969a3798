//! Files of wallets, words and paths.

use cairn::wallet::{KeyPath, Keystore, Words};

/// A guess that costs more than this is not tried: the cost is the file's to choose, up to 256 MiB and ten passes.
const CHEAP: &[u8] = b"\"memory_kib\": 8,";

/// A keystore: what reads is written back as it reads, and opening it with a wrong password or with none is refused.
pub fn keystore(data: &[u8]) {
    let Ok(keystore) = Keystore::from_json(data) else { return };
    let json = keystore.to_json();
    let again = Keystore::from_json(&json).expect("what was written reads");
    assert_eq!((&again, &again.to_json()), (&keystore, &json));
    assert_eq!(keystore.main_address(), keystore.addresses()[0]);
    let is_cheap = json.windows(CHEAP.len()).any(|window| window == CHEAP);
    if keystore.is_protected() && !is_cheap {
        return;
    }
    for password in ["", "stone"] {
        if let Ok(wallet) = keystore.unlock(password) {
            assert_eq!(wallet.addresses(), keystore.addresses());
            assert_eq!(wallet.created_at(), keystore.created_at());
            assert_eq!(keystore.is_protected(), !password.is_empty());
        }
    }
}

/// Words as people type them, or a path: the first byte says which.
pub fn words(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    if kind % 2 == 0 {
        if let Ok(words) = text.parse::<Words>() {
            assert_eq!(Words::from_entropy(&words.entropy()).as_ref(), Ok(&words));
        }
    } else if let Ok(path) = text.parse::<KeyPath>() {
        assert_eq!(path.to_string().parse(), Ok(path));
    }
}
