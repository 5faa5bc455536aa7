//! Lines of the CSV files that admins save. Server only.

use std::io;

/// One line, as RFC 4180 has it. A cell that a spreadsheet would take for a formula is quoted.
pub fn write(into: &mut Vec<u8>, cells: &[&str]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(into);
    let guarded = cells.iter().map(|cell| {
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if is_formula { format!("'{cell}") } else { (*cell).to_owned() }
    });
    writer.write_record(guarded)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_line_is_rfc_4180() {
        let mut line = Vec::new();
        write(&mut line, &["-A1", "a,b", "say \"x\"", "=1+1"]).unwrap();
        assert_eq!(String::from_utf8(line).unwrap(), "'-A1,\"a,b\",\"say \"\"x\"\"\",'=1+1\r\n");
    }
}
