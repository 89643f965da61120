//! vi, nano and their sisters open the page's editor; `open` opens the browser pane.

use std::rc::Rc;

use shell::Ctx;

use crate::World;

pub async fn edit(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let name = ctx.args.first().cloned().unwrap_or_default();
    let files: Vec<String> = ctx
        .args
        .iter()
        .skip(1)
        .filter(|arg| !arg.starts_with('-') && !arg.starts_with('+'))
        .cloned()
        .collect();
    if files.is_empty() {
        ctx.err(&format!("{name}: give the name of a file: {name} FILE\n"));
        return 1;
    }
    for file in files {
        let path = ctx.resolve(&file);
        if ctx.with_fs(|fs| fs.is_dir(&path)) {
            ctx.err(&format!("{name}: {file}: Is a directory\n"));
            return 1;
        }
        if !ctx.with_fs(|fs| fs.is_dir(shell::fs::parent(&path))) {
            ctx.err(&format!("{name}: {file}: No such file or directory\n"));
            return 1;
        }
        if !world.open_editor(&path) {
            ctx.err(&format!(
                "{name}: there is no editor here, only on the page; write the file with cat or sed\n"
            ));
            return 1;
        }
    }
    0
}

pub async fn open(ctx: Ctx, world: Rc<dyn World>) -> i32 {
    let name = ctx.args.first().cloned().unwrap_or_default();
    let Some(target) = ctx.args.get(1) else {
        ctx.err(&format!(
            "{name}: give an address: {name} http://localhost:8080\n"
        ));
        return 1;
    };
    let path = ctx.resolve(target);
    let opened = match ctx.with_fs(|fs| fs.is_file(&path)) {
        true => world.open_editor(&path),
        false if target.contains("://") => world.open_browser(target),
        false => world.open_browser(&format!("http://{target}")),
    };
    if !opened {
        ctx.err(&format!(
            "{name}: there is no browser here, only on the page; try: curl {target}\n"
        ));
    }
    i32::from(!opened)
}
