//! The metavariables of a rule.

/// A metavariable of a rule: an index into its [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u16);

/// The metavariables of a rule, which all its patterns share.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// The metavariable called `name` (without the `$`), made known if it is new.
    pub fn intern(&mut self, name: &str) -> Name {
        let index = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        // A pattern is shorter than 64 KiB, so a rule with more names than that has thousands of patterns; they would share the last one.
        Name(u16::try_from(index).unwrap_or(u16::MAX))
    }

    /// The metavariable called `name`, if a pattern has it.
    pub fn get(&self, name: &str) -> Option<Name> {
        let index = self.0.iter().position(|known| known == name)?;
        u16::try_from(index).ok().map(Name)
    }

    /// What a metavariable is called, without the `$`.
    pub fn name(&self, name: Name) -> &str {
        &self.0[usize::from(name.0)]
    }

    /// All names, in the order in which they appeared.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
