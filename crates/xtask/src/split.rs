//! Splits the page's Wasm in two: what runs before the first prompt or for every pod, and the rest, which is fetched after the prompt.
//!
//! Both modules share one memory, one table and one set of globals. A function of the rest that the first module calls, or
//! that stands in the table, has a stub there: it asks for the rest if that has not come yet (the page's import `restNow`), then
//! calls through its slot of the table, where the rest puts the real function when it arrives. What the rest calls
//! in the first module, it imports. A function that is in the wrong module costs time, never truth.
//!
//! Which functions come first is not written down anywhere: a page whose functions note that they ran is opened in Chromium
//! (`js/profile.mjs`), as compilers do it that are guided by profiles. Without a Chromium the page stays whole.
//!
//! Within each module functions are ordered by likeness ([`order`]), which gzip's small window rewards.

mod module;
mod order;
mod write;

use crate::setup::{Done, answer, root, tool};
use module::Module;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use write::Parts;

/// Splits the one `*_bg.wasm` of a built page, by a run of it in Chromium.
pub fn split(page: &Path) -> Done {
    if answer("chromium", &["--version"]).is_none() {
        eprintln!("xtask: no chromium here to see what runs first: the Wasm stays in one module");
        return Ok(());
    }
    let path = wasm_of(page)?;
    let bytes = std::fs::read(&path).map_err(|e| said(&path, &e))?;
    let module = Module::read(&bytes).map_err(|e| said(&path, &e))?;
    let ask = module.import("restnow");
    let ask = ask.ok_or_else(|| said(&path, &"the page does not import restNow"))?;

    let ran = ran(page, &module, ask)?;
    let late: BTreeSet<u32> = module
        .defined()
        .filter(|f| !ran.contains(f) && !module.exported.contains(f))
        .collect();
    let Parts { first, rest, word } = write::write(&module, &late, ask, false)?;
    let rest_name = path
        .to_string_lossy()
        .replace("_bg.wasm", &format!("_rest-{word}.wasm"));
    let rest_path = PathBuf::from(rest_name);
    eprintln!(
        "xtask: {} functions in the first module ({} bytes), {} in the rest ({} bytes)",
        module.bodies.len() - late.len(),
        first.len(),
        late.len(),
        rest.len()
    );
    std::fs::write(&path, first).map_err(|e| said(&path, &e))?;
    std::fs::write(&rest_path, rest).map_err(|e| said(&rest_path, &e))
}

/// The functions that come first: a copy of the page, made to count, is opened and used.
fn ran(page: &Path, module: &Module, ask: u32) -> Result<BTreeSet<u32>, String> {
    let copy = root().join("target/counting");
    let _ = std::fs::remove_dir_all(&copy);
    copy_folder(page, &copy).map_err(|e| said(&copy, &e))?;
    let counting = write::write(module, &BTreeSet::new(), ask, true)?.first;
    let path = wasm_of(&copy)?;
    std::fs::write(&path, counting).map_err(|e| said(&path, &e))?;
    eprintln!("xtask: seeing what runs first");
    let mut profile = tool("node", &["js/profile.mjs"]);
    let out = profile
        .arg(&copy)
        .output()
        .map_err(|e| format!("node: {e}"))?;
    let text = String::from_utf8_lossy(&out.stdout);
    if !out.status.success() || text.trim().is_empty() {
        return Err(format!(
            "js/profile.mjs: {}",
            String::from_utf8_lossy(&out.stderr)
        ));
    }
    let numbers = text.split_whitespace().map(str::parse);
    numbers
        .collect::<Result<_, _>>()
        .map_err(|e| format!("js/profile.mjs: {e}"))
}

fn wasm_of(page: &Path) -> Result<PathBuf, String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(page).map_err(|e| said(page, &e))? {
        let path = entry.map_err(|e| said(page, &e))?.path();
        if path.to_string_lossy().ends_with("_bg.wasm") {
            found.push(path)
        }
    }
    match found.as_slice() {
        [path] => Ok(path.clone()),
        _ => Err(said(
            page,
            &format!("{} Wasm modules, not one", found.len()),
        )),
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn said(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!("{}: {why}", path.display())
}
