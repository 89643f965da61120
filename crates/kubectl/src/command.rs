//! What a kubectl command is: a const struct with its names, help, flags, function and completion.
//! Help, suggestions and completion are derived from the list in [`crate::commands`]. Upstream: spf13/cobra.

use crate::cx::Cx;
use crate::fail::Fail;
use std::future::Future;
use std::pin::Pin;

/// A command in flight.
pub type Run = Pin<Box<dyn Future<Output = Result<(), Fail>>>>;

/// A command or a group of commands.
pub struct Command {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The heading under which `kubectl help` lists it; "" for subcommands.
    pub group: &'static str,
    /// What stands behind the command's name in its usage line.
    pub usage: &'static str,
    /// One line for lists.
    pub short: &'static str,
    /// The description of `--help`; the short one where it is empty.
    pub long: &'static str,
    pub examples: &'static [Example],
    pub flags: &'static [&'static [Flag]],
    pub subs: &'static [&'static Command],
    /// None for a pure group.
    pub run: Option<fn(Cx) -> Run>,
    pub complete: Complete,
}

/// `# what it does`, then the line to type.
pub struct Example(pub &'static str, pub &'static str);

/// What the command's arguments are, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    Nothing,
    /// `TYPE NAME` or `TYPE/NAME`.
    Resources,
    /// Only types (`explain`).
    Types,
    /// Names of this type, or `TYPE/NAME`.
    Names(&'static str),
    Contexts,
    Clusters,
    Users,
    /// One of these types and a name, or `TYPE/NAME`.
    Kinds(&'static [&'static str]),
    /// One of these words.
    Words(&'static [&'static str]),
}

impl Command {
    pub const NONE: Command = Command {
        name: "",
        aliases: &[],
        group: "",
        usage: "",
        short: "",
        long: "",
        examples: &[],
        flags: &[],
        subs: &[],
        run: None,
        complete: Complete::Nothing,
    };
    pub fn is(&self, word: &str) -> bool {
        self.name == word || self.aliases.contains(&word)
    }
    pub fn sub(&self, word: &str) -> Option<&'static Command> {
        self.subs.iter().copied().find(|c| c.is(word))
    }
    pub fn own_flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.flags.iter().flat_map(|group| group.iter())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    Bool,
    Text,
    Int,
    /// 32 bits: larger numbers are refused.
    Int32,
    Duration,
    /// Repeatable, and split at commas.
    List,
    /// Repeatable, each value as it is.
    Array,
    /// `key=value`, repeatable, and split at commas.
    Map,
}

/// A flag, as data.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub long: &'static str,
    /// `'\0'` where there is none.
    pub short: char,
    pub kind: FlagKind,
    pub default: &'static str,
    /// The value of a flag that is given without one (`--dry-run`); "" where it needs one.
    pub bare: &'static str,
    pub required: bool,
    /// What is said when it is used: `--record will be removed in the future`.
    pub deprecated: &'static str,
    pub help: &'static str,
}

impl Flag {
    const fn new(long: &'static str, kind: FlagKind, help: &'static str) -> Flag {
        Flag {
            long,
            short: '\0',
            kind,
            default: "",
            bare: "",
            required: false,
            deprecated: "",
            help,
        }
    }
    pub const fn bool(long: &'static str, help: &'static str) -> Flag {
        Flag {
            default: "false",
            bare: "true",
            ..Flag::new(long, FlagKind::Bool, help)
        }
    }
    pub const fn text(long: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::Text, help)
    }
    pub const fn int(long: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::Int, help).or(default)
    }
    pub const fn int32(long: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::Int32, help).or(default)
    }
    pub const fn duration(long: &'static str, default: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::Duration, help).or(default)
    }
    pub const fn list(long: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::List, help)
    }
    pub const fn array(long: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::Array, help)
    }
    pub const fn map(long: &'static str, help: &'static str) -> Flag {
        Flag::new(long, FlagKind::Map, help)
    }
    pub const fn short(self, short: char) -> Flag {
        Flag { short, ..self }
    }
    pub const fn or(self, default: &'static str) -> Flag {
        Flag { default, ..self }
    }
    pub const fn bare(self, bare: &'static str) -> Flag {
        Flag { bare, ..self }
    }
    pub const fn required(self) -> Flag {
        Flag {
            required: true,
            ..self
        }
    }
    pub const fn deprecated(self, deprecated: &'static str) -> Flag {
        Flag { deprecated, ..self }
    }
}
