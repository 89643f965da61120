//! Chance, as a value: one small generator (SplitMix64), forked by purpose, so that a new use of chance somewhere does
//! not change the names made elsewhere.

#[derive(Clone, Debug)]
pub struct Rng(u64);

/// What names are made of: no vowels, no digits that look like letters. Upstream: `apimachinery:pkg/util/rand`.
const ALPHANUMS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }
    /// A generator of its own for one purpose (`names`, `uids`, `jitter`).
    pub fn fork(&self, purpose: &str) -> Rng {
        let mut h = self.0 ^ 0xcbf2_9ce4_8422_2325;
        for b in purpose.bytes() {
            h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Rng(h)
    }
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number below `n` (0 for 0).
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.next_u64() % n }
    }
    /// `n` characters as generated names end in.
    pub fn suffix(&mut self, n: usize) -> String {
        (0..n)
            .map(|_| ALPHANUMS[self.below(ALPHANUMS.len() as u64) as usize] as char)
            .collect()
    }
    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        uuid_text(self.uuid_bits())
    }
    /// The two halves of a version 4 UUID.
    pub(crate) fn uuid_bits(&mut self) -> (u64, u64) {
        let (a, b) = (self.next_u64(), self.next_u64());
        (a & !0xf000 | 0x4000, b & !(3 << 62) | 1 << 63)
    }
}

/// A UUID as text.
pub(crate) fn uuid_text((a, b): (u64, u64)) -> String {
    let mut out = String::with_capacity(36);
    for (n, digits) in [(a >> 32, 8), (a >> 16, 4), (a, 4), (b >> 48, 4), (b, 12)] {
        if !out.is_empty() {
            out.push('-');
        }
        push_hex(&mut out, n, digits);
    }
    out
}

/// The last `digits` hexadecimal digits of `n`.
pub(crate) fn push_hex(out: &mut String, n: u64, digits: u32) {
    let mut all = [0u8; 16];
    for (i, d) in all.iter_mut().rev().enumerate() {
        *d = b"0123456789abcdef"[(n >> (4 * i) & 15) as usize];
    }
    let from = all.len() - (digits as usize).min(all.len());
    out.push_str(std::str::from_utf8(&all[from..]).unwrap_or(""));
}
