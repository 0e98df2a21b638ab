// One JSON value or EDN form, as a tree that lives no longer than the text it was read from.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sim::history {

// What a file holds is wrong at a place; both count from 1, the column in bytes.
struct HistoryError {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string what;
};

struct Form {
  enum class Kind : std::uint8_t { kNil, kWord, kText, kList, kMap };
  Kind kind = Kind::kNil;
  std::uint32_t column = 0;
  std::uint32_t first = 0, next = 0;  // its first part, the next of what it is a part of; 0: none
  std::string_view text;  // of kText without its quotes; of kWord as written, a keyword without ':'
  bool scalar() const { return kind == Kind::kWord || kind == Kind::kText; }
};

class FormReader {
 public:
  enum class Syntax : std::uint8_t { kJson, kEdn };
  explicit FormReader(Syntax syntax) : syntax_(syntax) {}

  // The one form that `text` holds. Throws HistoryError at `line`. `cut_short` says afterwards
  // whether all that was wrong is that the text ended too soon.
  const Form& read(std::string_view text, std::uint32_t line);
  bool cut_short() const { return cut_short_; }

  const Form& at(std::uint32_t index) const { return forms_[index]; }
  const Form* first_of(const Form& form) const {
    return form.first == 0 ? nullptr : &forms_[form.first];
  }
  const Form* next_of(const Form& form) const {
    return form.next == 0 ? nullptr : &forms_[form.next];
  }
  // The value that a map has for a key; null if it has none.
  const Form* find(const Form& map, std::string_view key) const;

 private:
  static constexpr std::uint32_t kDepthMax = 32;

  [[noreturn]] void fail(std::size_t at, std::string what) const;
  [[noreturn]] void fail_cut_short();
  bool at_end() const { return position_ == text_.size(); }
  bool edn() const { return syntax_ == Syntax::kEdn; }
  void skip_blank();
  std::uint32_t read_form(std::uint32_t depth);
  void read_parts(std::uint32_t parent, char close, std::uint32_t depth);
  void read_text(Form& form);
  void read_word(Form& form);
  char unescape();
  std::uint32_t add(Form::Kind kind);

  Syntax syntax_;
  std::string_view text_;
  std::uint32_t line_ = 0;
  std::size_t position_ = 0;
  bool cut_short_ = false;
  std::vector<Form> forms_;
  std::deque<std::string> unescaped_;
};

}  // namespace sim::history
