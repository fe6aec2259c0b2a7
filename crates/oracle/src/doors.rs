//! Where people reach each method: the command, endpoint or column of results. The tests of `analysis` print it on
//! the page of the method, those of `clarity` hold it to what the program offers and to where its code leads.

/// The table, written by hand: the path of a page in `docs/methods`, commands of the binary, methods and paths of the
/// API below its prefix, and columns of `analyze`, of which one stands for the others of its method.
const TABLE: &str = include_str!("doors.tsv");

/// Where a method is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A command of the binary.
    Command(&'static str),
    /// A method and a path of the API, below its prefix.
    Endpoint(&'static str),
    /// A column of the results of `analyze`; one stands for its group.
    Column(&'static str),
}

impl Door {
    /// The door in a few words of code.
    pub fn shown(&self) -> String {
        match self {
            Self::Command(name) => format!("`clarity {name}`"),
            Self::Endpoint(name) | Self::Column(name) => format!("`{name}`"),
        }
    }
}

/// The doors of each page, by its path in `docs/methods`.
pub fn doors() -> Vec<(&'static str, Vec<Door>)> {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let page = cells.next().unwrap_or_default();
        let kinds = [Door::Command, Door::Endpoint, Door::Column];
        let doors = kinds.iter().zip(cells).flat_map(|(kind, cell)| {
            let names = cell.split(", ").filter(|name| !name.is_empty());
            names.map(kind)
        });
        (page, doors.collect())
    };
    TABLE.lines().skip(1).map(row).collect()
}
