#include "sim/history/form.h"

#include <utility>

namespace sim::history {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool ends_word(char c) {
  return is_blank(c) || c == ',' || c == ':' || c == '"' || c == '{' || c == '}' || c == '[' ||
         c == ']' || c == '(' || c == ')' || c == ';';
}

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

}  // namespace

const Form& FormReader::read(std::string_view text, std::uint32_t line) {
  text_ = text;
  line_ = line;
  position_ = 0;
  cut_short_ = false;
  forms_.clear();
  unescaped_.clear();
  forms_.emplace_back();  // index 0 stands for "none"
  const std::uint32_t top = read_form(0);
  skip_blank();
  if (!at_end()) fail(position_, "expected one operation a line, and there is more behind it");
  return forms_[top];
}

const Form* FormReader::find(const Form& map, std::string_view key) const {
  for (const Form* name = first_of(map); name != nullptr;) {
    const Form* value = next_of(*name);
    if (name->text == key && name->scalar()) return value;
    name = next_of(*value);
  }
  return nullptr;
}

void FormReader::fail(std::size_t at, std::string what) const {
  throw HistoryError{line_, static_cast<std::uint32_t>(at + 1), std::move(what)};
}

void FormReader::fail_cut_short() {
  cut_short_ = true;
  fail(text_.size(), "the line ends in the middle of an operation");
}

void FormReader::skip_blank() {
  while (!at_end()) {
    const char c = text_[position_];
    if (edn() && c == ';') {
      while (!at_end() && text_[position_] != '\n') ++position_;
    } else if (is_blank(c) || (edn() && c == ',')) {
      ++position_;
    } else {
      return;
    }
  }
}

std::uint32_t FormReader::add(Form::Kind kind) {
  Form form;
  form.kind = kind;
  form.column = static_cast<std::uint32_t>(position_ + 1);
  forms_.push_back(form);
  return static_cast<std::uint32_t>(forms_.size() - 1);
}

std::uint32_t FormReader::read_form(std::uint32_t depth) {
  skip_blank();
  if (at_end()) fail_cut_short();
  if (depth > kDepthMax) fail(position_, "nested deeper than any operation");
  const char c = text_[position_];
  if (c == '{' || c == '[' || (edn() && c == '(')) {
    const std::uint32_t index = add(c == '{' ? Form::Kind::kMap : Form::Kind::kList);
    ++position_;
    read_parts(index, c == '{' ? '}' : c == '[' ? ']' : ')', depth + 1);
    return index;
  }
  if (edn() && c == '#') {  // a set, or a tag before the form it speaks of
    ++position_;
    if (!at_end() && text_[position_] == '{') {
      const std::uint32_t index = add(Form::Kind::kList);
      ++position_;
      read_parts(index, '}', depth + 1);
      return index;
    }
    while (!at_end() && !ends_word(text_[position_])) ++position_;
    return read_form(depth + 1);
  }
  const std::uint32_t index = add(Form::Kind::kWord);
  if (c == '"') {
    read_text(forms_[index]);
  } else {
    read_word(forms_[index]);
  }
  return index;
}

// Of a list the items, of a map names and values in turn.
void FormReader::read_parts(std::uint32_t parent, char close, std::uint32_t depth) {
  const bool map = forms_[parent].kind == Form::Kind::kMap;
  std::uint32_t last = 0, count = 0;
  for (;; ++count) {
    skip_blank();
    if (at_end()) fail_cut_short();
    if (text_[position_] == close) {
      if (map && count % 2 == 1) fail(position_, "a name without a value");
      if (!edn() && map && count > 0 && text_[position_ - 1] == ',')
        fail(position_, "a comma before the end");
      ++position_;
      return;
    }
    if (!edn() && count > 0) {
      const char between = map && count % 2 == 1 ? ':' : ',';
      if (text_[position_] != between)
        fail(position_, std::string("expected '") + between + "' or '" + close + "'");
      ++position_;
    }
    const std::uint32_t part = read_form(depth);
    if (!edn() && map && count % 2 == 0 && forms_[part].kind != Form::Kind::kText)
      fail(forms_[part].column - 1, "expected a name in quotation marks");
    (last == 0 ? forms_[parent].first : forms_[last].next) = part;
    last = part;
  }
}

char FormReader::unescape() {
  switch (const char c = text_[position_++]) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      fail(position_ - 2, "an escape sequence that is none");
  }
}

void FormReader::read_text(Form& form) {
  form.kind = Form::Kind::kText;
  const std::size_t begin = ++position_;
  const std::size_t stop = text_.find_first_of("\"\\", begin);
  if (stop == std::string_view::npos) fail_cut_short();
  position_ = stop;
  if (text_[stop] == '"') {
    form.text = text_.substr(begin, stop - begin);
    ++position_;
    return;
  }
  std::string& out = unescaped_.emplace_back(text_.substr(begin, stop - begin));
  while (!at_end() && text_[position_] != '"') {
    const char c = text_[position_++];
    if (c != '\\') {
      out += c;
      continue;
    }
    if (at_end()) break;
    if (text_[position_] != 'u') {
      out += unescape();
      continue;
    }
    if (text_.size() - position_ < 5) fail_cut_short();
    std::uint32_t code = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
      const std::size_t digit =
          std::string_view("0123456789abcdef").find(static_cast<char>(text_[position_ + i] | 0x20));
      if (digit == std::string_view::npos) fail(position_ + i, "expected a hexadecimal digit");
      code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    position_ += 5;
    append_utf8(code, out);
  }
  if (at_end()) fail_cut_short();
  ++position_;
  form.text = out;
}

void FormReader::read_word(Form& form) {
  if (edn() && text_[position_] == ':') ++position_;
  const std::size_t begin = position_;
  while (!at_end() && !ends_word(text_[position_])) ++position_;
  form.text = text_.substr(begin, position_ - begin);
  if (form.text.empty())
    fail(begin,
         at_end() ? "a keyword without a name" : std::string("unexpected '") + text_[begin] + "'");
  if (form.text == "nil" || form.text == "null") form.kind = Form::Kind::kNil;
}

}  // namespace sim::history
