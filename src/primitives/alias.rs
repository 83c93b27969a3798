//! Names for people: two words from a peer id, the same on every node, accepted wherever a peer id is.

use super::peer::PeerId;

/// Why a name does not lead to one peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No known peer is called so.
    #[error("no known peer is called {0}")]
    Unknown(String),
    /// Several known peers are called so.
    #[error("{count} known peers are called {name}: give the peer id, 12D3KooW…")]
    Ambiguous {
        /// The name.
        name: String,
        /// How many bear it.
        count: usize,
    },
}

impl PeerId {
    /// Two words joined by a hyphen, such as `brisk-otter`: one of 65,536 names, so two peers may share one.
    pub fn alias(&self) -> String {
        let hash = blake3::hash(&self.0);
        let [first, second, ..] = *hash.as_bytes();
        format!("{}-{}", QUALITIES[usize::from(first)], ANIMALS[usize::from(second)])
    }

    /// The peer that `name`, a peer id or an alias, stands for among `known`; a peer id needs not be known.
    pub fn resolve(name: &str, known: impl IntoIterator<Item = Self>) -> Result<Self, ResolveError> {
        if let Ok(peer) = name.parse() {
            return Ok(peer);
        }
        let mut bearers: Vec<Self> =
            known.into_iter().filter(|peer| peer.alias().eq_ignore_ascii_case(name)).collect();
        bearers.sort_unstable();
        bearers.dedup();
        match bearers[..] {
            [] => Err(ResolveError::Unknown(name.to_owned())),
            [peer] => Ok(peer),
            _ => Err(ResolveError::Ambiguous { name: name.to_owned(), count: bearers.len() }),
        }
    }
}

/// First words. Their order is part of every alias: replace a word only with care.
#[rustfmt::skip]
const QUALITIES: [&str; 256] = [
    "agile", "airy", "alert", "amber", "ample", "amused", "ancient", "apt", "ardent", "artful",
    "astute", "august", "autumn", "avid", "awake", "azure", "balmy", "bold", "bonny", "bouncy", "brave",
    "breezy", "bright", "brisk", "bubbly", "buoyant", "busy", "candid", "canny", "caring", "charming",
    "cheery", "chilly", "chipper", "classic", "clear", "clever", "cloudy", "coastal", "cobalt", "comic",
    "copper", "coral", "cordial", "cosmic", "cosy", "cozy", "crafty", "creamy", "crimson", "crisp",
    "cuddly", "curious", "curly", "dainty", "dandy", "dapper", "daring", "dashing", "dawning", "deft",
    "dewy", "diligent", "downy", "dreamy", "dulcet", "dusky", "dusty", "eager", "early", "earnest",
    "easy", "ebony", "elated", "electric", "elegant", "epic", "even", "fabled", "fair", "faithful",
    "famous", "fancy", "fearless", "feisty", "fiery", "fleet", "fluffy", "flying", "fond", "forest",
    "frank", "free", "fresh", "friendly", "frosty", "funny", "fuzzy", "gallant", "gentle", "gifted",
    "gilded", "glad", "gleaming", "glossy", "golden", "graceful", "grand", "grateful", "green",
    "groovy", "happy", "hardy", "hasty", "hazel", "hearty", "helpful", "hilly", "homely", "honest",
    "hopeful", "humble", "humming", "icy", "ideal", "indigo", "intrepid", "iron", "ivory", "jaunty",
    "jazzy", "jolly", "jovial", "joyful", "jubilant", "keen", "kind", "kindly", "lanky", "leafy",
    "learned", "lemon", "lenient", "light", "lilac", "limber", "little", "lively", "lofty", "loyal",
    "lucid", "lucky", "lunar", "lush", "magic", "maple", "marble", "marine", "mellow", "merry",
    "mighty", "mild", "mindful", "minty", "misty", "modest", "mossy", "musical", "mystic", "navy",
    "neat", "nifty", "nimble", "noble", "northern", "novel", "opal", "pastel", "patient", "peaceful",
    "pearly", "peppy", "perky", "placid", "playful", "pleasant", "plucky", "plum", "polar", "polite",
    "proud", "purple", "quaint", "quick", "quiet", "quirky", "radiant", "rapid", "ready", "regal",
    "restful", "rosy", "round", "royal", "ruby", "rugged", "rustic", "sandy", "sapphire", "scarlet",
    "serene", "shiny", "silent", "silken", "silver", "sleek", "smart", "smiling", "snowy", "snug",
    "sociable", "solar", "solid", "spry", "stable", "starry", "steady", "sterling", "stoic", "sturdy",
    "subtle", "sunny", "supple", "sweet", "tactful", "tender", "tidy", "tranquil", "trusty", "upbeat",
    "valiant", "vast", "velvet", "verdant", "vibrant", "vivid", "warm", "wild", "winter", "wise",
    "witty", "woolly", "young", "zany", "zealous", "zesty",
];

/// Second words. Their order is part of every alias: replace a word only with care.
#[rustfmt::skip]
const ANIMALS: [&str; 256] = [
    "aardvark", "albatross", "alligator", "alpaca", "anteater", "antelope", "armadillo", "auk",
    "avocet", "axolotl", "baboon", "badger", "bandicoot", "barbet", "bat", "bear", "beaver", "bee",
    "beetle", "bison", "bittern", "blackbird", "boar", "bobcat", "bonobo", "bullfinch", "bumblebee",
    "bunting", "bustard", "butterfly", "buzzard", "caiman", "camel", "canary", "capybara", "caracal",
    "cardinal", "caribou", "carp", "cassowary", "cat", "catfish", "chaffinch", "chameleon", "cheetah",
    "chicken", "chinchilla", "chipmunk", "cicada", "civet", "cobra", "cockatoo", "condor", "coot",
    "cormorant", "cougar", "coyote", "crab", "crane", "crayfish", "cricket", "crocodile", "crow",
    "cuckoo", "curlew", "deer", "dingo", "dipper", "dog", "dolphin", "donkey", "dormouse", "dove",
    "dragonfly", "duck", "dugong", "dunlin", "eagle", "egret", "eider", "elephant", "elk", "emu",
    "ermine", "falcon", "ferret", "finch", "firefly", "flamingo", "flounder", "fox", "frog", "gannet",
    "gazelle", "gecko", "gerbil", "gibbon", "giraffe", "gnu", "goat", "goldfinch", "goose", "gopher",
    "goshawk", "grebe", "guanaco", "guillemot", "gull", "hamster", "hare", "harrier", "hedgehog",
    "heron", "herring", "hippo", "hoopoe", "hornbill", "horse", "hummingbird", "hyena", "ibex", "ibis",
    "iguana", "impala", "jackal", "jackdaw", "jaguar", "jay", "jellyfish", "kakapo", "kangaroo",
    "kestrel", "kingfisher", "kite", "kiwi", "koala", "koi", "ladybird", "lamb", "lapwing", "lark",
    "lemming", "lemur", "leopard", "limpet", "linnet", "lion", "lizard", "llama", "lobster", "lorikeet",
    "lynx", "macaw", "mackerel", "magpie", "mallard", "manatee", "mandrill", "marmot", "marten",
    "martin", "meerkat", "merlin", "mink", "minnow", "mole", "mongoose", "moose", "moth", "mouse",
    "mule", "narwhal", "newt", "nighthawk", "nightingale", "nuthatch", "ocelot", "octopus", "okapi",
    "opossum", "orca", "oriole", "osprey", "ostrich", "otter", "owl", "ox", "oyster", "panda",
    "panther", "parrot", "partridge", "peacock", "pelican", "penguin", "petrel", "pheasant", "pika",
    "pike", "pipit", "platypus", "plover", "pony", "porcupine", "porpoise", "puffin", "puma", "python",
    "quail", "quetzal", "quokka", "rabbit", "raccoon", "raven", "redshank", "reindeer", "robin", "rook",
    "salmon", "sandpiper", "seahorse", "seal", "shearwater", "shrew", "skua", "skylark", "sloth",
    "snail", "sparrow", "squirrel", "starling", "stoat", "stork", "swallow", "swan", "swift", "tapir",
    "tern", "thrush", "tiger", "toad", "toucan", "trout", "turtle", "vole", "wagtail", "walrus",
    "warbler", "weasel", "whale", "wolf", "wombat", "woodpecker", "wren", "yak", "zebra",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_word_stands_twice() {
        let words: HashSet<&str> = QUALITIES.into_iter().chain(ANIMALS).collect();
        assert_eq!(words.len(), QUALITIES.len() + ANIMALS.len());
        assert!(words.iter().all(|word| word.bytes().all(|letter| letter.is_ascii_lowercase())));
    }

    #[test]
    fn an_alias_depends_on_the_peer_id_alone_and_leads_back_to_it() {
        let (alice, bob) = (PeerId([1; 32]), PeerId([2; 32]));
        assert_eq!(alice.alias(), PeerId([1; 32]).alias());
        assert_ne!(alice.alias(), bob.alias());
        assert_eq!(PeerId::resolve(&alice.alias(), [bob, alice, alice]), Ok(alice));
        assert_eq!(PeerId::resolve(&alice.to_string(), []), Ok(alice));
    }

    #[test]
    fn an_alias_of_nobody_or_of_several_is_refused() {
        let alice = PeerId([1; 32]);
        let twin = (0..=u16::MAX)
            .flat_map(|number| (0..=u8::MAX).map(move |last| (number, last)))
            .map(|(number, last)| {
                let mut key = [last; 32];
                key[..2].copy_from_slice(&number.to_le_bytes());
                PeerId(key)
            })
            .find(|peer| *peer != alice && peer.alias() == alice.alias())
            .expect("16 million keys share 65,536 names");
        let name = alice.alias();
        assert_eq!(
            PeerId::resolve(&name, [alice, twin]),
            Err(ResolveError::Ambiguous { name: name.clone(), count: 2 })
        );
        assert_eq!(PeerId::resolve(&name, []), Err(ResolveError::Unknown(name)));
    }
}
