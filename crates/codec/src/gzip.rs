//! gzip (RFC 1952) without its compression: the data stands in stored blocks, which every gunzip reads.

/// Most bytes of one stored block.
const BLOCK: usize = 65_535;

pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut rest = data;
    loop {
        let (block, after) = rest.split_at(rest.len().min(BLOCK));
        let length = block.len() as u16;
        out.push(u8::from(after.is_empty()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    out.extend(crc32(data).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}

/// What `gzip` above has written; `None` for anything else, truly compressed data among it.
pub fn gunzip(data: &[u8]) -> Option<Vec<u8>> {
    let mut rest = data.strip_prefix(&[0x1f, 0x8b, 8, 0])?.get(6..)?;
    let mut out = Vec::new();
    loop {
        let [kind, low, high, _, _, after @ ..] = rest else {
            return None;
        };
        if *kind > 1 {
            return None;
        }
        let (block, after) =
            after.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
        out.extend(block);
        rest = after;
        if *kind == 1 {
            return Some(out);
        }
    }
}
