//! Writes the two modules.

use super::module::Module;
use super::order;
use std::collections::{BTreeMap, BTreeSet};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction, MemorySection, StartSection, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::ExternalKind;

/// Old function indices to new ones; all other indices stay.
struct Renumber(BTreeMap<u32, u32>);

impl Reencode for Renumber {
    type Error = String;

    fn function_index(&mut self, f: u32) -> Result<u32, reencode::Error<String>> {
        let new = self.0.get(&f).copied();
        new.ok_or(reencode::Error::UserError(format!(
            "function {f} is in neither module"
        )))
    }
}

/// What both modules know of each other.
struct Plan<'a> {
    module: &'a Module<'a>,
    late: &'a BTreeSet<u32>,
    /// Late functions that the first module names: function to slot of the table.
    slots: BTreeMap<u32, u32>,
    table_size: u64,
    /// Functions of the first module that the rest calls.
    wanted: Vec<u32>,
    /// Index of the added global: 1 once the rest is there.
    there: u32,
    ask: u32,
    /// Whether each function of the first module counts its runs, in an added memory `$RAN` of four bytes for each.
    count: bool,
}

type Written = Result<Vec<u8>, String>;

/// The two modules, and a word for the rest that stands in the file's name: the first module exports `$rest-WORD`, so that it never
/// meets the rest of another build in a cache.
pub struct Parts {
    pub first: Vec<u8>,
    pub rest: Vec<u8>,
    pub word: String,
}

pub fn write(
    module: &Module,
    late: &BTreeSet<u32>,
    ask: u32,
    count: bool,
) -> Result<Parts, String> {
    let mut slots: BTreeMap<u32, u32> = BTreeMap::new();
    for (slot, f) in module.slots.iter().filter(|s| late.contains(&s.1)) {
        slots.entry(*f).or_insert(*slot);
    }
    let mut table_size = module.tables.first().ok_or("no table")?.initial;
    for f in module.defined().filter(|f| !late.contains(f)) {
        for called in module.body(f).calls.iter().filter(|f| late.contains(f)) {
            slots.entry(*called).or_insert_with(|| {
                table_size += 1;
                (table_size - 1) as u32
            });
        }
    }
    let wanted: BTreeSet<u32> = late
        .iter()
        .flat_map(|f| module.body(*f).calls.iter().copied())
        .filter(|f| !late.contains(f))
        .collect();
    let plan = Plan {
        module,
        late,
        slots,
        table_size,
        wanted: wanted.into_iter().collect(),
        there: module.global_types.len() as u32,
        ask,
        count,
    };
    let rest = plan.rest()?;
    let word = format!("{:016x}", order::hash(&rest));
    let first = plan.first(&word)?;
    Ok(Parts { first, rest, word })
}

fn text(e: reencode::Error<String>) -> String {
    format!("{e:?}")
}

/// A short name for the k-th function handed over.
fn handed(k: usize) -> String {
    format!("${}", radix36(k))
}

fn radix36(mut k: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(char::from_digit((k % 36) as u32, 36).unwrap_or('0'));
        k /= 36;
        if k == 0 {
            return out.into_iter().rev().collect();
        }
    }
}

impl Plan<'_> {
    /// These functions, like beside like.
    fn ordered(&self, functions: impl Iterator<Item = u32>) -> Vec<u32> {
        let all: Vec<u32> = functions.collect();
        let bodies: Vec<&[u8]> = all.iter().map(|f| self.module.code(*f)).collect();
        order::by_likeness(&bodies)
            .into_iter()
            .map(|i| all[i])
            .collect()
    }

    fn types(&self, with: &mut Renumber) -> Result<TypeSection, String> {
        let mut types = TypeSection::new();
        if let Some(section) = self.module.types.clone() {
            with.parse_type_section(&mut types, section).map_err(text)?;
        }
        Ok(types)
    }

    fn first(&self, word: &str) -> Written {
        let m = self.module;
        let kept = self.ordered(m.defined().filter(|f| !self.late.contains(f)));
        let imported = m.import_types.len() as u32;
        let mut with = Renumber((0..imported).map(|f| (f, f)).collect());
        let own = kept.iter().chain(self.slots.keys());
        with.0.extend(own.zip(imported..).map(|(f, new)| (*f, new)));

        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for f in &kept {
            functions.function(m.type_of(*f));
            self.copy(*f, &mut with, &mut code)?;
        }
        for (f, slot) in &self.slots {
            functions.function(m.type_of(*f));
            code.function(&self.stub(m.type_of(*f), *slot)?);
        }

        let mut out = wasm_encoder::Module::new();
        out.section(&self.types(&mut with)?);
        let mut imports = ImportSection::new();
        for i in &m.imports {
            imports.import(i.module, i.name, with.entity_type(i.ty).map_err(text)?);
        }
        out.section(&imports);
        out.section(&functions);
        out.section(&self.tables(&mut with)?);
        let mut memories = MemorySection::new();
        if let Some(section) = m.memories.clone() {
            with.parse_memory_section(&mut memories, section)
                .map_err(text)?;
        }
        if self.count {
            memories.memory(wasm_encoder::MemoryType {
                minimum: COUNTERS,
                maximum: Some(COUNTERS),
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        out.section(&memories);
        let mut globals = GlobalSection::new();
        if let Some(section) = m.globals.clone() {
            with.parse_global_section(&mut globals, section)
                .map_err(text)?;
        }
        globals.global(there(), &ConstExpr::i32_const(0));
        out.section(&globals);
        out.section(&self.exports(&mut with, word)?);
        if let Some(f) = m.start {
            out.section(&StartSection {
                function_index: with.function_index(f).map_err(text)?,
            });
        }
        let mut elements = ElementSection::new();
        if let Some(section) = m.elements.clone() {
            with.parse_element_section(&mut elements, section)
                .map_err(text)?;
        }
        out.section(&elements);
        out.section(&code);
        let mut data = wasm_encoder::DataSection::new();
        if let Some(section) = m.data.clone() {
            with.parse_data_section(&mut data, section).map_err(text)?;
        }
        out.section(&data);
        Ok(out.finish())
    }

    fn rest(&self) -> Written {
        let m = self.module;
        let own = self.ordered(self.late.iter().copied());
        let mut with = Renumber(BTreeMap::new());
        let all = self.wanted.iter().chain(own.iter());
        with.0.extend(all.zip(0..).map(|(f, new)| (*f, new)));

        let mut out = wasm_encoder::Module::new();
        out.section(&self.types(&mut with)?);
        let mut imports = ImportSection::new();
        for (k, f) in self.wanted.iter().enumerate() {
            imports.import("p", &handed(k), EntityType::Function(m.type_of(*f)));
        }
        for (k, table) in m.tables.iter().enumerate() {
            let mut ty = with.table_type(*table).map_err(text)?;
            self.sized(k, &mut ty);
            imports.import("p", &format!("$T{k}"), ty);
        }
        let memory = m.memory.ok_or("no memory")?;
        imports.import("p", "$M", with.memory_type(memory).map_err(text)?);
        for (k, ty) in m.global_types.iter().enumerate() {
            imports.import("p", &format!("$G{k}"), with.global_type(*ty).map_err(text)?);
        }
        imports.import("p", "$THERE", there());
        out.section(&imports);

        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for f in &own {
            functions.function(m.type_of(*f));
            self.copy(*f, &mut with, &mut code)?;
        }
        // The last function says that the rest is there; it runs when the rest is instantiated, after the elements are set.
        let nothing = self.type_of_nothing()?;
        functions.function(nothing);
        let mut arrived = Function::new([]);
        arrived.instruction(&Instruction::I32Const(1));
        arrived.instruction(&Instruction::GlobalSet(self.there));
        arrived.instruction(&Instruction::End);
        code.function(&arrived);
        out.section(&functions);
        out.section(&StartSection {
            function_index: (self.wanted.len() + own.len()) as u32,
        });
        out.section(&self.elements(&mut with)?);
        out.section(&code);
        Ok(out.finish())
    }

    /// The rest's functions into their slots: runs of neighbours in one element each.
    fn elements(&self, with: &mut Renumber) -> Result<ElementSection, String> {
        let mut by_slot: Vec<(u32, u32)> = self
            .module
            .slots
            .iter()
            .copied()
            .filter(|s| self.late.contains(&s.1))
            .collect();
        by_slot.extend(self.slots.iter().map(|(f, slot)| (*slot, *f)));
        by_slot.sort_unstable();
        by_slot.dedup();
        let mut elements = ElementSection::new();
        for run in by_slot.chunk_by(|a, b| a.0 + 1 == b.0) {
            let functions: Result<Vec<u32>, _> =
                run.iter().map(|s| with.function_index(s.1)).collect();
            let at = ConstExpr::i32_const(run[0].0 as i32);
            elements.active(
                None,
                &at,
                Elements::Functions(functions.map_err(text)?.into()),
            );
        }
        Ok(elements)
    }

    fn exports(&self, with: &mut Renumber, word: &str) -> Result<ExportSection, String> {
        let m = self.module;
        let mut exports = ExportSection::new();
        for e in &m.exports {
            let index = match e.kind {
                ExternalKind::Func => with.function_index(e.index).map_err(text)?,
                _ => e.index,
            };
            exports.export(e.name, with.export_kind(e.kind).map_err(text)?, index);
        }
        for (k, f) in self.wanted.iter().enumerate() {
            exports.export(
                &handed(k),
                ExportKind::Func,
                with.function_index(*f).map_err(text)?,
            );
        }
        for k in 0..m.tables.len() {
            exports.export(&format!("$T{k}"), ExportKind::Table, k as u32);
        }
        exports.export("$M", ExportKind::Memory, 0);
        if self.count {
            exports.export("$RAN", ExportKind::Memory, 1);
        }
        for k in 0..m.global_types.len() {
            exports.export(&format!("$G{k}"), ExportKind::Global, k as u32);
        }
        exports.export("$THERE", ExportKind::Global, self.there);
        exports.export(&format!("$rest-{word}"), ExportKind::Global, self.there);
        Ok(exports)
    }

    fn tables(&self, with: &mut Renumber) -> Result<TableSection, String> {
        let mut tables = TableSection::new();
        for (k, table) in self.module.tables.iter().enumerate() {
            let mut ty = with.table_type(*table).map_err(text)?;
            self.sized(k, &mut ty);
            tables.table(ty);
        }
        Ok(tables)
    }

    /// Table 0 has the added slots.
    fn sized(&self, k: usize, ty: &mut TableType) {
        if k == 0 {
            ty.minimum = self.table_size;
            ty.maximum = ty.maximum.map(|m| m.max(self.table_size));
        }
    }

    fn copy(&self, f: u32, with: &mut Renumber, code: &mut CodeSection) -> Result<(), String> {
        let reader = wasmparser::BinaryReader::new(self.module.code(f), 0);
        let body = wasmparser::FunctionBody::new(reader);
        if self.count {
            code.function(&counted(f, &body, with)?);
            return Ok(());
        }
        with.parse_function_body(code, body).map_err(text)
    }

    /// `if !there { restNow() }; table[slot](arguments)`.
    fn stub(&self, type_index: u32, slot: u32) -> Result<Function, String> {
        let mut f = Function::new([]);
        f.instruction(&Instruction::GlobalGet(self.there));
        f.instruction(&Instruction::I32Eqz);
        f.instruction(&Instruction::If(BlockType::Empty));
        f.instruction(&Instruction::Call(self.ask));
        f.instruction(&Instruction::End);
        for k in 0..self.parameters(type_index)? {
            f.instruction(&Instruction::LocalGet(k));
        }
        f.instruction(&Instruction::I32Const(slot as i32));
        f.instruction(&Instruction::CallIndirect {
            type_index,
            table_index: 0,
        });
        f.instruction(&Instruction::End);
        Ok(f)
    }

    fn parameters(&self, type_index: u32) -> Result<u32, String> {
        let ty = self
            .function_types()?
            .into_iter()
            .nth(type_index as usize)
            .flatten();
        ty.map(|t| t.0 as u32)
            .ok_or(format!("type {type_index} is no function's"))
    }

    fn type_of_nothing(&self) -> Result<u32, String> {
        let at = self
            .function_types()?
            .iter()
            .position(|t| *t == Some((0, 0)));
        at.map(|i| i as u32)
            .ok_or("no function takes and gives nothing".into())
    }

    /// For each type, how many parameters and results it has.
    fn function_types(&self) -> Result<Vec<Option<(usize, usize)>>, String> {
        let mut out = Vec::new();
        for group in self.module.types.clone().into_iter().flatten() {
            for sub in group.map_err(|e| e.to_string())?.into_types() {
                out.push(match sub.composite_type.inner {
                    wasmparser::CompositeInnerType::Func(f) => {
                        Some((f.params().len(), f.results().len()))
                    }
                    _ => None,
                });
            }
        }
        Ok(out)
    }
}

/// Pages of counters: room for a hundred thousand functions.
const COUNTERS: u64 = 7;

/// The function, counting its run first.
fn counted(
    f: u32,
    body: &wasmparser::FunctionBody,
    with: &mut Renumber,
) -> Result<Function, String> {
    let mut out = with.new_function_with_parsed_locals(body).map_err(text)?;
    let counter = wasm_encoder::MemArg {
        offset: u64::from(f) * 4,
        align: 2,
        target: wasm_encoder::MemArgTarget::Memory(1),
        ordering: None,
    };
    out.instruction(&Instruction::I32Const(0));
    out.instruction(&Instruction::I32Const(0));
    out.instruction(&Instruction::I32Load(counter));
    out.instruction(&Instruction::I32Const(1));
    out.instruction(&Instruction::I32Add);
    out.instruction(&Instruction::I32Store(counter));
    let mut reader = body.get_operators_reader().map_err(|e| e.to_string())?;
    while !reader.eof() {
        let instruction = with.parse_instruction(&mut reader).map_err(text)?;
        out.instruction(&instruction);
    }
    Ok(out)
}

/// The global that says whether the rest has come.
fn there() -> GlobalType {
    GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    }
}
