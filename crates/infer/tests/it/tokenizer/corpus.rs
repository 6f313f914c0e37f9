//! Text of many kinds: this repository, the first article of human rights in many scripts, and strings that nobody would write.

use std::{fs, path::Path};

/// The first article of the Universal Declaration of Human Rights, and other lines, in the scripts of the world.
pub(super) const SCRIPTS: &[&str] = &[
    "All human beings are born free and equal in dignity and rights. They're endowed with reason; WE'LL see, I'd say, it's 1,234,567.89!",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. L'été où l'œuvre naît, ça coûte 12 €.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Straße, Größe, ÄÖÜ, Donaudampfschifffahrtsgesellschaft.",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Zażółć gęślą jaźń.",
    "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق، وقد وهبوا عقلاً وضميراً ١٢٣٤٥.",
    "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. שָׁלוֹם",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। १२३४",
    "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள்.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ๑๒๓",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。ｶﾀｶﾅ、㌔㌘",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 한글",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "Բոլոր մարդիկ ծնվում են ազատ ու հավասար՝ իրենց արժանապատվությամբ և իրավունքներով։",
    "ሰብአዊ ፍጡራን ሁሉ ነጻ ሁነው የተፈጠሩና በማዕረግና በመብቶችም እኩል ናቸው።",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷🇩🇪 👍🏽 ☃️ ✈︎ 1️⃣ 🧑🏿‍🚀 ❤️‍🔥 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 ⅷ ½ ² ㊗️",
    "Ǆ ǅ ǆ ﬁ ﬂ ſ ẞ İ ı K Å Ⅷ ʰ ª º 'ſ 'S 'Ll I'LL DON'T we'Ve e\u{301}\u{323} o\u{302}\u{301} \u{1100}\u{1161}\u{11a8} \u{212b}",
];

/// Strings on which tokenizers differ when they do.
pub(super) const ODD: &[&str] = &[
    "",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\n\n\n",
    " \n ",
    " \n \n x",
    "a  b   c    d",
    "   x",
    "x   ",
    "\u{2581}",
    "\u{2581}\u{2581} x",
    " \u{2581} ",
    "\u{a0}\u{a0}x",
    "\u{3000}x\u{2003} y",
    "\u{85}x",
    "\u{0}\u{1}\u{7f}",
    "\u{feff}bom",
    "\u{200b}\u{200d}\u{ad}",
    "\u{202e}abc",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "\u{e000}",
    "<0x0A>",
    "<0x41>A",
    "<unk>",
    "<s></s>",
    "<table><tr><td>x</td></tr></table>",
    "<",
    "<<<",
    "'s't're",
    "''''",
    "a'",
    "://",
    "----",
    "=====>",
    "/* */",
    "\\n",
    "0",
    "00",
    "000",
    "0000",
    "1234567890123",
    "3.14159",
    "1e-9",
    "0xDEADBEEF",
    "a1b2c3",
    "snake_case_name",
    "camelCaseName",
    "SCREAMING_CASE",
    "kebab-case",
    "fn main() {\n    eprintln!(\"{}\", x);\n}\n",
    "\tif (x)\n\t\treturn\t1;\n",
    "SELECT * FROM t WHERE a='b';--",
    "{\"a\":[1,2,{\"b\":null}]}",
    "$$\\frac{a}{b}$$",
];

/// The text files of this repository, in order, at most `most` bytes in all.
pub(super) fn repository(most: usize) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for place in [
        "README.md",
        "ARCHITECTURE.md",
        "Cargo.toml",
        "Cargo.lock",
        "crates",
        "src",
        "bindings",
        "fuzz/seeds",
        "xtask",
    ] {
        collect(&root.join(place), &mut files);
    }
    let mut left = most;
    let mut texts = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        if text.len() <= left.min(60_000) {
            left -= text.len();
            texts.push(text);
        }
    }
    texts
}

fn collect(path: &Path, files: &mut Vec<std::path::PathBuf>) {
    if path.is_file() {
        return files.push(path.to_owned());
    }
    let mut inside: Vec<_> =
        fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    inside.sort();
    inside.iter().for_each(|path| collect(path, files));
}

/// Runs of what stands in runs: spaces, line breaks, tabs and their mixtures, before and behind words.
pub(super) fn runs() -> Vec<String> {
    let mut texts = Vec::new();
    for unit in
        [" ", "\n", "\t", " \n", "\n ", "\r\n", "\u{a0}", "a", "=", "-", "é", "中", "😀", "0", "\u{301}"]
    {
        for count in [1, 2, 3, 4, 7, 8, 15, 16, 17, 30, 31, 32, 33, 62, 63, 64, 100] {
            texts.push(format!("x{}y", unit.repeat(count)));
            texts.push(format!("{} z", unit.repeat(count)));
        }
    }
    texts
}
