//! What a person runs in a terminal: `bridge inspect`, which needs no database and no other service, and the others
//! (`rehearse`, `import`, `verify`, `follow`, `cutover`), which ask a hub. `hub bridge …` is the same.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use bridge_contract::{Problem, Report};
use indicatif::{ProgressBar, ProgressStyle};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;
use service::address::Reach;
use service::config::{self, Variables};

use crate::client::{Account, Odoo};
use crate::inspect::{self, Watch};
use crate::{BridgeConfig, driving, mapping};

/// What the commands are.
pub const HELP: &str = "\
bridge inspect --url URL --db NAME --login LOGIN [options]
                     looks at an Odoo 14 to 19 and changes nothing there: its version and modules, rights that are missing, numbers,
                     custom fields, and what will not fit; proposes a mapping file, or checks the one that is there
    The key or password comes from ODOO_SECRET, from --secret-file FILE, or is asked for; never as an argument.
    --mapping FILE     the mapping: checked where it is there, else proposed (mapping.toml)
    --json FILE        the whole report, as JSON
    --company ID       the company that comes over (the user's own)
    --batch N          records a page (500)
    --per-second N     calls a second at most (10)
    ODOO_NETWORKS names what may be reached beside public https, as `odoo.shop.local, 10.1.0.0/16`.
bridge rehearse --odoo NAME [options]
                     has a hub try all of that Odoo (ek.odoo) and store nothing: what would be taken, put aside, left out, and how long the
                     import will take
bridge import --odoo NAME [options]
                     has a hub bring all of it over; what was taken before and is the same stays. Either goes on in the hub if this is left,
                     and the same command looks on again, or lets it go on where it rests or has failed
bridge verify --odoo NAME [options]
                     has a hub lay both sides side by side: numbers, sums to the centime, every record's digest; a line that does not hold, or
                     a record that differs, fails
bridge follow --odoo NAME [options]
                     has a hub take what changed there since; with ek.odoo's follow_minutes the hub does so by itself
bridge cutover --odoo NAME [options]
                     has a hub take the last changes, verify, put goods aside for open orders, note what platforms have, and go on alone
    The key or password of an administrator of the hub comes from HUB_SECRET, from --key-file FILE, or is asked for.
    --hub URL          where the hub is (http://127.0.0.1:8069)
    --user LOGIN       the administrator (admin)
    --db NAME          the hub's name to its RPC clients (echange)
    --mapping FILE     becomes the mapping of that Odoo before it begins
";

/// Their names.
pub const COMMANDS: [&str; 6] = ["inspect", "rehearse", "import", "verify", "follow", "cutover"];
/// Which kind of run a command begins.
const KINDS: [(&str, &str); 5] =
    [("rehearse", "rehearsal"), ("import", "import"), ("verify", "verification"), ("follow", "follow"), ("cutover", "cutover")];

/// The longest secret, in bytes.
const MAX_SECRET: u64 = 4_096;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    url: String,
    db: String,
    login: String,
    secret_file: Option<PathBuf>,
    mapping: PathBuf,
    json: Option<PathBuf>,
    company: Option<i64>,
    batch: usize,
    per_second: u32,
}

/// Runs a command of the bridge's: what stands after `bridge`.
///
/// # Errors
/// What can't be understood, an Odoo that does not answer, a mapping that has problems.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    match arguments.split_first() {
        Some((command, options)) if command == "inspect" => {
            if options.iter().any(|option| matches!(option.as_str(), "--help" | "-h")) {
                return print(HELP);
            }
            inspect(Options::read(options)?, &config::environment()).await
        }
        Some((command, options)) if let Some((_, kind)) = KINDS.iter().find(|(known, _)| known == command) => {
            if options.iter().any(|option| matches!(option.as_str(), "--help" | "-h")) {
                return print(HELP);
            }
            let options = driving::Options::of(&given(options, &driving::NAMES)?)?;
            let key = secret(options.key_file.as_deref(), "--key-file", "HUB_SECRET", &options.prompt(), &config::environment())?;
            print(&driving::drive(kind, &options, key).await?)
        }
        Some((command, _)) if matches!(command.as_str(), "help" | "--help" | "-h") => print(HELP),
        Some((other, _)) => {
            let meant = domain::nearest(other, COMMANDS).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            anyhow::bail!("there is no command 'bridge {other}'{meant}\n{HELP}")
        }
        None => anyhow::bail!("which command?\n{HELP}"),
    }
}

const NAMES: [&str; 9] = ["--url", "--db", "--login", "--secret-file", "--mapping", "--json", "--company", "--batch", "--per-second"];

/// The options that were given, by their names.
fn given(arguments: &[String], names: &[&'static str]) -> anyhow::Result<HashMap<&'static str, String>> {
    let mut given: HashMap<&'static str, String> = HashMap::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = argument.split_once('=').map_or((argument.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
        let known = names.iter().copied().find(|known| *known == name).with_context(|| match name {
            "--secret" | "--password" | "--key" => {
                format!("{name}: others see a program's arguments: ODOO_SECRET, --secret-file, or wait to be asked")
            }
            _ => {
                let meant = domain::nearest(name, names.iter().copied());
                format!("there is no option {name}{}", meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default())
            }
        })?;
        let value = value.or_else(|| rest.next().cloned()).with_context(|| format!("{known} needs a value"))?;
        anyhow::ensure!(given.insert(known, value).is_none(), "{known} stands twice");
    }
    Ok(given)
}

impl Options {
    fn read(arguments: &[String]) -> anyhow::Result<Options> {
        let given = given(arguments, &NAMES)?;
        let needed = |name: &str| given.get(name).cloned().with_context(|| format!("{name} is missing\n{HELP}"));
        let number = |name: &str, default: i64, most: i64| -> anyhow::Result<i64> {
            let Some(text) = given.get(name) else { return Ok(default) };
            let number = text.parse::<i64>().ok().filter(|number| (1..=most).contains(number));
            number.with_context(|| format!("{name}: a number from 1 to {most} is expected"))
        };
        Ok(Options {
            url: needed("--url")?,
            db: needed("--db")?,
            login: needed("--login")?,
            secret_file: given.get("--secret-file").map(PathBuf::from),
            mapping: given.get("--mapping").map_or_else(|| "mapping.toml".into(), PathBuf::from),
            json: given.get("--json").map(PathBuf::from),
            company: given.contains_key("--company").then(|| number("--company", 0, i64::MAX)).transpose()?,
            batch: usize::try_from(number("--batch", 500, 5_000)?)?,
            per_second: u32::try_from(number("--per-second", 10, 1_000)?)?,
        })
    }
}

async fn inspect(options: Options, variables: &Variables) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    let settings = BridgeConfig::read(variables, &mut problems);
    let settings = config::check(settings, problems)?;
    let reach = Reach::beside_public("ODOO_NETWORKS", &settings.odoo_networks)?;
    let own = match fs::read_to_string(&options.mapping) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("{} can't be read", options.mapping.display())),
    };
    let account = Account {
        base_url: options.url.trim_end_matches('/').to_owned(),
        db: options.db.clone(),
        login: options.login.clone(),
        secret: secret(
            options.secret_file.as_deref(),
            "--secret-file",
            "ODOO_SECRET",
            &format!("Key or password of {}: ", options.login),
            variables,
        )?,
        per_second: options.per_second,
        patience: Duration::from_millis(settings.odoo_patience_ms.clamp(1, 60_000)),
    };
    let odoo = Odoo::connect(&reach, account).await?;
    let bars = Bars::new();
    let inspected = inspect::inspect(&odoo, &bars, options.batch, options.company).await;
    bars.end();
    let (mut report, fields) = inspected?;
    if let Some(own) = &own {
        report.mapping_problems = mapping::problems(own, Some(&fields));
    }
    print(&told(&report))?;
    if let Some(path) = &options.json {
        let mut text = serde_json::to_string_pretty(&report)?;
        text.push('\n');
        fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))?;
        print(&format!("\nThe whole report is in {}.\n", path.display()))?;
    }
    match own {
        None => {
            write_new(&options.mapping, &mapping::propose(&report))?;
            print(&format!("\nA mapping is proposed in {}: look through it, and run this again to check it.\n", options.mapping.display()))
        }
        Some(_) if report.mapping_problems.is_empty() => print(&format!("\n{} fits this Odoo.\n", options.mapping.display())),
        Some(_) => {
            let lines =
                report.mapping_problems.iter().map(|Problem { line, message }| format!("{}:{line}: {message}", options.mapping.display()));
            anyhow::bail!("the mapping does not fit this Odoo:\n{}", lines.collect::<Vec<_>>().join("\n"))
        }
    }
}

/// Writes a file that is not there yet: nobody's work is overwritten.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("{} can't be written", path.display()))
}

/// The key or password: from the environment, a file, or whoever sits there.
fn secret(file: Option<&Path>, option: &str, variable: &str, prompt: &str, variables: &Variables) -> anyhow::Result<SecretString> {
    let text = if let Some(path) = file {
        let mut text = String::new();
        let file = fs::File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
        file.take(MAX_SECRET).read_to_string(&mut text)?;
        text
    } else if let Some(text) = variables.get(variable) {
        text.clone()
    } else {
        anyhow::ensure!(std::io::stdin().is_terminal(), "the key is missing: {variable} or {option} has it");
        asked(prompt)?
    };
    let text = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!text.is_empty(), "the key is empty");
    Ok(text.to_owned().into())
}

/// A line that is typed without being shown.
fn asked(prompt: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    write!(std::io::stderr(), "{prompt}")?;
    let before = tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &silent)?;
    let mut line = String::new();
    let read = stdin.lines().next().transpose();
    tcsetattr(std::io::stdin(), OptionalActions::Now, &before)?;
    writeln!(std::io::stderr())?;
    line.push_str(&read?.unwrap_or_default());
    Ok(line)
}

/// Bars in the terminal; where there is none, nothing.
struct Bars(ProgressBar);

impl Bars {
    fn new() -> Bars {
        let bar = ProgressBar::new(1);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Bars(bar)
    }

    fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Watch for Bars {
    fn step(&self, name: &str, at: usize, of: usize) {
        self.0.set_length(u64::try_from(of).unwrap_or(u64::MAX));
        self.0.set_position(u64::try_from(at).unwrap_or(u64::MAX));
        self.0.set_message(name.to_owned());
    }

    fn rows(&self, done: u64, of: u64) {
        let name = self.0.message();
        let name = name.split(" (").next().unwrap_or_default();
        self.0.set_message(format!("{name} ({done} of {of})"));
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A report as a person reads it.
pub fn told(report: &Report) -> String {
    let mut text = String::new();
    tell(&mut text, report).ok();
    text
}

fn tell(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "Odoo {}, asked by {} in {}", report.server_version, report.protocol, report.lang)?;
    if let Some(company) = &report.company {
        writeln!(out, "Company {} ({}), {}", shown(&company.name), company.id, shown(&company.currency))?;
    }
    if !report.other_companies.is_empty() {
        let others = report.other_companies.iter().map(|company| format!("{} ({})", shown(&company.name), company.id));
        writeln!(out, "Other companies, left out: {}", others.collect::<Vec<_>>().join(", "))?;
    }
    match &report.modules {
        None => writeln!(out, "Modules: the user may not read them; nothing depends on it")?,
        Some(modules) => {
            let others: Vec<String> =
                modules.iter().filter(|module| !module.author.contains("Odoo")).map(|module| shown(&module.name)).collect();
            writeln!(out, "Modules: {} installed{}", modules.len(), listed(", of others than Odoo: ", &others))?;
        }
    }
    if !report.absent.is_empty() {
        writeln!(out, "Not there, so nothing of it comes: {}", report.absent.join(", "))?;
    }
    if !report.rights.is_empty() {
        writeln!(out, "\nRights that are missing:")?;
        for missing in &report.rights {
            writeln!(out, "  {}: {}", missing.model, missing.why)?;
        }
    }
    writeln!(out, "\n{:<34}{:>12}{:>12}", "Records", "all", "archived")?;
    for count in &report.counts {
        writeln!(out, "  {:<32}{:>12}{:>12}", count.model, count.all, count.archived)?;
    }
    if !report.custom.is_empty() {
        writeln!(out, "\nFields that no plain Odoo has:")?;
        for custom in &report.custom {
            let becomes = custom.ours.as_ref().map_or_else(|| "the hub has none for it".to_owned(), |ours| format!("seems to be {ours}"));
            let whose = if custom.is_manual { "" } else { "; of a module or version that is not known here" };
            writeln!(out, "  {}.{} ({}, {}): {becomes}{whose}", custom.model, shown(&custom.field), shown(&custom.label), custom.kind)?;
        }
    }
    match (report.addon.found.len(), report.addon.missing.len()) {
        (0, _) => writeln!(out, "\nThe add-on that the hub replaces is not there")?,
        (_, 0) => writeln!(out, "\nThe add-on that the hub replaces is there")?,
        (_, _) => writeln!(out, "\nThe add-on that the hub replaces is there in part; missing are {}", report.addon.missing.join(", "))?,
    }
    if !report.banks.is_empty() {
        writeln!(out, "\nBanks, as they are spelled:")?;
        for spelled in &report.banks {
            writeln!(out, "  {:<32}{:>12}", format!("'{}'", shown(&spelled.value)), spelled.many)?;
        }
    }
    writeln!(out, "\nWhat will not fit as it is{}", if report.misfits.is_empty() { ": nothing was found" } else { ":" })?;
    for misfit in &report.misfits {
        writeln!(out, "  {} {} {}: {}. Answer: {}", misfit.many, misfit.model, misfit.kind, misfit.why, misfit.answer)?;
        let ids = misfit.ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        writeln!(
            out,
            "      ids {ids}{}",
            if usize::try_from(misfit.many).is_ok_and(|many| many > misfit.ids.len()) { ", …" } else { "" }
        )?;
    }
    if !report.left_out.is_empty() {
        writeln!(out, "\nLeft out by design:")?;
        for left in &report.left_out {
            writeln!(out, "  {:>8} {} ({})", left.many, left.what, left.model)?;
        }
    }
    Ok(())
}

fn listed(before: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("{before}{}", names.join(", ")) }
}

/// What that Odoo says, without what a terminal would obey.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(200).collect()
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> anyhow::Result<Options> {
        Options::read(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn what_can_t_be_understood_is_told_with_what_was_meant() {
        for (arguments, told) in [
            (&["--ulr", "x"][..], "did you mean --url?"),
            (&["--url"], "--url needs a value"),
            (&["--url", "x", "--url", "y"], "stands twice"),
            (&["--url", "x"], "--db is missing"),
            (&["--secret", "x"], "ODOO_SECRET"),
            (&["--url=x", "--db=y", "--login=z", "--batch=0"], "from 1 to 5000"),
        ] {
            let said = read(arguments).unwrap_err().to_string();
            assert!(said.contains(told), "{arguments:?}: {said}");
        }
        let options = read(&["--url=https://odoo.example", "--db", "y", "--login", "z", "--per-second", "3"]).unwrap();
        assert_eq!((options.url.as_str(), options.per_second, options.batch, options.company), ("https://odoo.example", 3, 500, None));
    }

    #[test]
    fn what_an_odoo_says_does_not_steer_the_terminal() {
        let company = bridge_contract::Company { name: "\u{1b}[2Jx".to_owned(), ..bridge_contract::Company::default() };
        assert!(!told(&Report { company: Some(company), ..Report::default() }).contains('\u{1b}'));
    }
}
