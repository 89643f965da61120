//! The flags of a command: `--name value`, `--name=value`, or `--name` alone; what is wrong is said in one line.

use std::collections::BTreeMap;
use std::str::FromStr;

/// What a command line says.
pub struct Flags {
    command: &'static str,
    given: BTreeMap<String, String>,
    /// What is no flag, in order.
    pub rest: Vec<String>,
}

impl Flags {
    /// `valued` and `bare` are the flags that the command has, with and without a value.
    pub fn read(
        command: &'static str,
        args: &[String],
        valued: &[&str],
        bare: &[&str],
    ) -> Result<Flags, String> {
        let mut flags = Flags {
            command,
            given: BTreeMap::new(),
            rest: Vec::new(),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if !arg.starts_with('-') || arg == "-" {
                flags.rest.push(arg.clone());
                continue;
            }
            let (flag, value) = match arg.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_string())),
                None => (arg.as_str(), None),
            };
            let value = match (valued.contains(&flag), bare.contains(&flag), value) {
                (true, _, Some(value)) => value,
                (true, _, None) => match args.next() {
                    Some(value) => value.clone(),
                    None => return Err(flags.wrong(&format!("{flag} takes a value"))),
                },
                (_, true, None) => String::new(),
                (_, true, Some(_)) => {
                    return Err(flags.wrong(&format!("{flag} takes no value")));
                }
                _ => return Err(flags.wrong(&format!("there is no flag {flag}"))),
            };
            flags.given.insert(flag.to_string(), value);
        }
        Ok(flags)
    }

    pub fn text(&self, flag: &str) -> Option<&str> {
        self.given.get(flag).map(String::as_str)
    }

    pub fn has(&self, flag: &str) -> bool {
        self.given.contains_key(flag)
    }

    /// The value of a flag, if it fits; `what` says what it should be.
    pub fn value<T: FromStr>(
        &self,
        flag: &str,
        default: T,
        what: &str,
        fits: impl Fn(&T) -> bool,
    ) -> Result<T, String> {
        let Some(text) = self.text(flag) else {
            return Ok(default);
        };
        let found = text.parse().ok().filter(fits);
        found.ok_or_else(|| self.wrong(&format!("{flag} takes {what}, not {text:?}")))
    }

    /// For commands that take nothing but flags.
    pub fn alone(self) -> Result<Flags, String> {
        match self.rest.first() {
            Some(word) => Err(self.wrong(&format!("nothing is known of {word:?}"))),
            None => Ok(self),
        }
    }

    pub fn wrong(&self, why: &str) -> String {
        let command = self.command;
        format!("bottleship {command}: {why}\nSee `bottleship {command} --help`.")
    }
}

#[cfg(test)]
mod tests {
    use super::Flags;

    /// The port that a line names, or what is wrong with the line.
    fn port(line: &str) -> Result<u16, String> {
        let args: Vec<String> = line.split(' ').map(str::to_string).collect();
        let flags = Flags::read("serve", &args, &["--port"], &["--repl"])?.alone()?;
        let port = flags.value("--port", 1, "a port", |p| *p > 0);
        port.map(|p| if flags.has("--repl") { p + 1 } else { p })
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, expected) in [
            ("--port 80", Ok(80)),
            ("--port=80 --repl", Ok(81)),
            ("--repl", Ok(2)),
            ("--port", Err("--port takes a value")),
            ("--port x", Err("--port takes a port, not \"x\"")),
            ("--port 0", Err("--port takes a port, not \"0\"")),
            ("--repl=1", Err("--repl takes no value")),
            ("--prt 1", Err("there is no flag --prt")),
            ("now", Err("nothing is known of \"now\"")),
        ] {
            let expected = expected
                .map_err(|why| format!("bottleship serve: {why}\nSee `bottleship serve --help`."));
            assert_eq!(port(line), expected, "{line}");
        }
    }
}
