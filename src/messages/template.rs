/// A text: headers such as `Subject: …`, and behind an empty line its paragraphs.
#[derive(Debug, Default)]
pub(super) struct Template<'a> {
    pub subject: Vec<&'a str>,
    /// What stands on the button of a link.
    pub button: Vec<&'a str>,
    pub sms: Vec<&'a str>,
    pub paragraphs: Vec<Vec<&'a str>>,
}

impl<'a> Template<'a> {
    pub fn read(text: &'a str) -> Self {
        let mut template = Self::default();
        let mut lines = text.lines().map(str::trim);
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or_default();
            let header = match name {
                "Subject" => &mut template.subject,
                "Button" => &mut template.button,
                "SMS" => &mut template.sms,
                _ => continue,
            };
            header.push(value.trim());
        }
        let lines: Vec<_> = lines.collect();
        let paragraphs = lines.split(|line| line.is_empty());
        let paragraphs = paragraphs.filter(|lines| !lines.is_empty());
        template.paragraphs = paragraphs.map(<[_]>::to_vec).collect();
        template
    }
}

/// A piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The name between `{{` and `}}`.
    Placeholder(&'a str),
}

/// The pieces of a line. A `{{` that isn't closed is text.
pub(super) fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((before, (name, after))) = rest
        .split_once("{{")
        .and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
    {
        pieces.extend([Piece::Text(before), Piece::Placeholder(name.trim())]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}
