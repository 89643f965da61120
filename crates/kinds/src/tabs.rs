//! Aligning tab-separated cells as Go's `text/tabwriter` does with kubectl's settings (min width 0, padding 2, blanks).
//!
//! A cell is what a tab ends; the text after a line's last tab is no cell. A column is a block of neighbouring lines
//! that have a cell there, inside a block of the column before: so one short line ends a column, and widths start anew.

/// More cells than this in a line are left as they are.
const MAX_CELLS: usize = 40;
const PADDING: usize = 2;

pub fn align(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text
        .split('\n')
        .map(|l| l.splitn(MAX_CELLS, '\t').collect())
        .collect();
    let mut widths: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
    block(&lines, &mut widths, 0, lines.len(), 0);
    let mut out = String::with_capacity(text.len() * 2);
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for (j, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths[i].get(j) {
                out.extend(std::iter::repeat_n(
                    ' ',
                    width.saturating_sub(width_of(cell)),
                ));
            }
        }
    }
    out
}

/// Finds the blocks of column `column` among lines `from..to`, and within each the blocks of the next column.
fn block(lines: &[Vec<&str>], widths: &mut [Vec<usize>], from: usize, to: usize, column: usize) {
    let has_cell = |i: usize| lines[i].len() > column + 1;
    let mut start = from;
    while start < to {
        if !has_cell(start) {
            start += 1;
            continue;
        }
        let end = (start..to).find(|&i| !has_cell(i)).unwrap_or(to);
        let width = (start..end)
            .map(|i| width_of(lines[i][column]) + PADDING)
            .max()
            .unwrap_or(0);
        for w in &mut widths[start..end] {
            w.push(width);
        }
        block(lines, widths, start, end, column + 1);
        start = end;
    }
}

fn width_of(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_without_the_cell_ends_the_column() {
        let check = |text: &str, expected: &str| assert_eq!(super::align(text), expected);
        check("a\tb\nlonger\tc\n", "a       b\nlonger  c\n");
        check("a\tb\nplain\nlonger\tc", "a  b\nplain\nlonger  c");
        check(
            "k:\t<none>\n  x\ty\tz\n  long\ty\n",
            "k:      <none>\n  x     y  z\n  long  y\n",
        );
        check("Labels:\t\nA:\tb", "Labels:  \nA:       b");
    }
}
