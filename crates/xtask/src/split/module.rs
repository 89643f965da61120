//! A Wasm module as the splitter reads it: sections as they stand, and for every function its calls and its place.

use std::ops::Range;
use wasmparser::{
    BinaryReaderError, ElementItems, ElementKind, Export, ExternalKind, Import, Operator, Parser,
    Payload, TypeRef,
};

/// One function: where its bytes are, and what it names.
pub struct Body {
    pub range: Range<usize>,
    pub type_index: u32,
    /// Functions that it calls or refers to, sorted, each once.
    pub calls: Vec<u32>,
}

pub struct Module<'a> {
    pub bytes: &'a [u8],
    pub types: Option<wasmparser::TypeSectionReader<'a>>,
    pub imports: Vec<Import<'a>>,
    pub import_types: Vec<u32>,
    pub tables: Vec<wasmparser::TableType>,
    pub memories: Option<wasmparser::MemorySectionReader<'a>>,
    pub memory: Option<wasmparser::MemoryType>,
    pub globals: Option<wasmparser::GlobalSectionReader<'a>>,
    pub global_types: Vec<wasmparser::GlobalType>,
    pub exports: Vec<Export<'a>>,
    pub exported: Vec<u32>,
    pub start: Option<u32>,
    pub elements: Option<wasmparser::ElementSectionReader<'a>>,
    /// Table 0: slot and function.
    pub slots: Vec<(u32, u32)>,
    pub data: Option<wasmparser::DataSectionReader<'a>>,
    pub bodies: Vec<Body>,
}

impl<'a> Module<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut m = Module {
            bytes,
            types: None,
            imports: Vec::new(),
            import_types: Vec::new(),
            tables: Vec::new(),
            memories: None,
            memory: None,
            globals: None,
            global_types: Vec::new(),
            exports: Vec::new(),
            exported: Vec::new(),
            start: None,
            elements: None,
            slots: Vec::new(),
            data: None,
            bodies: Vec::new(),
        };
        let mut types = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            m.section(payload?, &mut types)?;
        }
        Ok(m)
    }

    fn section(
        &mut self,
        payload: Payload<'a>,
        types: &mut Vec<u32>,
    ) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(s) => self.types = Some(s),
            Payload::ImportSection(s) => {
                for import in s.into_imports() {
                    let import = import?;
                    if let TypeRef::Func(t) = import.ty {
                        self.import_types.push(t)
                    }
                    self.imports.push(import);
                }
            }
            Payload::FunctionSection(s) => *types = s.into_iter().collect::<Result<_, _>>()?,
            Payload::TableSection(s) => {
                for table in s {
                    self.tables.push(table?.ty)
                }
            }
            Payload::MemorySection(s) => {
                self.memory = s.clone().into_iter().next().transpose()?;
                self.memories = Some(s)
            }
            Payload::GlobalSection(s) => {
                for g in s.clone() {
                    self.global_types.push(g?.ty)
                }
                self.globals = Some(s)
            }
            Payload::ExportSection(s) => {
                for export in s {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.exported.push(export.index)
                    }
                    self.exports.push(export);
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(s) => {
                self.slots = slots(s.clone())?;
                self.elements = Some(s)
            }
            Payload::DataSection(s) => self.data = Some(s),
            Payload::CodeSectionEntry(body) => {
                let type_index = types.get(self.bodies.len()).copied().unwrap_or(0);
                let mut calls = Vec::new();
                for op in body.get_operators_reader()? {
                    match op? {
                        Operator::Call { function_index }
                        | Operator::RefFunc { function_index } => calls.push(function_index),
                        _ => {}
                    }
                }
                calls.sort_unstable();
                calls.dedup();
                self.bodies.push(Body {
                    range: body.range().start as usize..body.range().end as usize,
                    type_index,
                    calls,
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// The imported function whose name has this in it.
    pub fn import(&self, part: &str) -> Option<u32> {
        let functions = self
            .imports
            .iter()
            .filter(|i| matches!(i.ty, TypeRef::Func(_)));
        let at = functions
            .into_iter()
            .position(|i| i.name.to_lowercase().contains(part))?;
        u32::try_from(at).ok()
    }

    pub fn body(&self, f: u32) -> &Body {
        &self.bodies[f as usize - self.import_types.len()]
    }

    /// The bytes of a function: what likeness is judged by.
    pub fn code(&self, f: u32) -> &'a [u8] {
        &self.bytes[self.body(f).range.clone()]
    }

    pub fn type_of(&self, f: u32) -> u32 {
        match self.import_types.get(f as usize) {
            Some(t) => *t,
            None => self.body(f).type_index,
        }
    }

    /// The functions that are not imported, in order.
    pub fn defined(&self) -> impl Iterator<Item = u32> {
        let first = self.import_types.len() as u32;
        first..first + self.bodies.len() as u32
    }
}

/// What stands in table 0.
fn slots(section: wasmparser::ElementSectionReader) -> Result<Vec<(u32, u32)>, BinaryReaderError> {
    let mut out = Vec::new();
    for element in section {
        let element = element?;
        let ElementKind::Active {
            table_index: None | Some(0),
            offset_expr,
        } = element.kind
        else {
            continue;
        };
        let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
            continue;
        };
        let ElementItems::Functions(functions) = element.items else {
            continue;
        };
        for (k, f) in functions.into_iter().enumerate() {
            out.push((value as u32 + k as u32, f?))
        }
    }
    Ok(out)
}
