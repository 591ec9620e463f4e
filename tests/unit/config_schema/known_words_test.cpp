// The tables of words of other products against the catalog: what they speak of is there, and what is there is no word of theirs.
#include "actors/catalog.hpp"
#include "config/core_options.hpp"
#include "config/known_words.hpp"
#include "config/word_tables.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace {

using namespace millrace;
using namespace millrace::config;

using names = std::set<std::string>;

names words_of(std::string_view text) {
  std::istringstream in{std::string(text)};
  return {std::istream_iterator<std::string>(in), {}};
}

std::string plain(std::string_view word) {
  std::string out;
  for (const unsigned char c : word)
    if (std::isalnum(c) != 0)
      out += static_cast<char>(std::tolower(c));
  return out;
}

void add_names(const std::vector<option>& options, names& to) {
  for (const auto& o : options) {
    to.insert(o.name);
    to.insert(o.choices.begin(), o.choices.end());
    add_names(o.members, to);
  }
}

names options_of(stage_kind kind, std::string_view type) {
  names out;
  for (const auto& o : stage_options(kind, type, find_connector(connectors(), kind, type)))
    out.insert(o.name);
  return out;
}

/// All that a topology is made of: kinds, types, options and their words.
names all_names() {
  names out;
  add_names(top_level_options(), out);
  add_names(dead_letter_options(), out);
  add_names(column_options(), out);
  for (const auto key : kind_keys) {
    out.emplace(key);
    for (const auto& type : offered_types(connectors(), *kind_of_key(key))) {
      out.insert(type);
      add_names(stage_options(*kind_of_key(key), type, find_connector(connectors(), *kind_of_key(key), type)),
                out);
    }
  }
  return out;
}

std::vector<known_word> all_words() {
  std::vector<known_word> out;
  for (const auto table :
       {known_options(), known_stage_types(), known_kinds(), known_values(), known_column_types()})
    out.insert(out.end(), table.begin(), table.end());
  return out;
}

/// The names in quotes that a message suggests; values of examples, which hold other signs, are not among them.
names quoted(std::string_view message) {
  static const std::regex name(R"re("([a-z][a-z_]*)")re");
  const std::string text(message);
  names out;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at)
    out.insert((*at)[1]);
  return out;
}

}  // namespace

TEST_CASE("a message about a word of another product names what is there") {
  const auto there = all_names();
  // Examples have names of stages and columns, and a format.
  const names of_examples{"a", "b", "id", "epoch_ms"};
  std::size_t seen = 0;
  for (const auto& e : all_words())
    for (const auto& name : quoted(e.meant)) {
      INFO(e.of << " / " << e.words << " / " << e.meant);
      CAPTURE(name);
      ++seen;
      CHECK((there.contains(name) || of_examples.contains(name)));
    }
  CHECK(seen > 150);
}

TEST_CASE("the words of the tables are in the form in which they are looked up") {
  for (const auto& e : all_words())
    for (const auto& word : words_of(e.words))
      CHECK(plain(word) == word);
}

TEST_CASE("a page that a message names is there") {
  static const std::regex page(R"(docs/[a-z_./]*[a-z])");
  std::size_t seen = 0;
  for (const auto& e : all_words()) {
    const std::string text(e.meant);
    for (std::sregex_iterator at(text.begin(), text.end(), page), end; at != end; ++at, ++seen) {
      INFO(e.meant);
      CHECK(std::filesystem::exists(at->str()));
    }
  }
  CHECK(seen > 20);
}

TEST_CASE("a type that is offered is no word of the tables, and another kind's is told of as that") {
  for (const auto key : kind_keys) {
    const auto kind = *kind_of_key(key);
    const auto offered = offered_types(connectors(), kind);
    for (const auto& e : known_stage_types())
      for (const auto& type : offered) {
        INFO(key << " " << e.words);
        CHECK((e.of != key || !words_of(e.words).contains(type)));
      }
    for (const auto other : kind_keys) {
      auto elsewhere = offered_types(connectors(), *kind_of_key(other));
      elsewhere.emplace_back(other);
      for (const auto& word : elsewhere)
        if (std::ranges::find(offered, word) == offered.end()) {
          INFO(key << " " << word);
          CHECK(meant_type(connectors(), kind, word) != "");
        }
    }
  }
  for (const auto& e : known_kinds())
    for (const auto key : kind_keys)
      CHECK_FALSE(words_of(e.words).contains(std::string(key)));
  for (const auto& e : known_column_types())
    for (const auto& type : column_options().front().choices)
      CHECK_FALSE(words_of(e.words).contains(type));
}

TEST_CASE("an option that every stage of an entry has is no word of it") {
  for (const auto& e : known_options()) {
    const std::string of(e.of);
    const auto blank = of.find(' ');
    std::vector<names> stages;
    if (of.empty()) {
      names top;
      for (const auto& o : top_level_options())
        top.insert(o.name);
      stages.push_back(std::move(top));
    }
    for (const auto key : kind_keys)
      for (const auto& type : offered_types(connectors(), *kind_of_key(key)))
        if (of == "*" || of == key || of == std::string(key) + " " + type)
          stages.push_back(options_of(*kind_of_key(key), type));
    INFO(of << " / " << e.words);
    REQUIRE_FALSE(stages.empty());  // the kind and type are there
    for (const auto& word : words_of(e.words))
      CHECK_FALSE(std::ranges::all_of(stages, [&](const names& options) { return options.contains(word); }));
    // An entry of one type that asks "did you mean" names an option of that very type first.
    const std::string meant(e.meant);
    static const std::regex asked(R"re(^did you mean "([a-z_]+)"\?)re");
    if (std::smatch found; blank != std::string::npos && std::regex_search(meant, found, asked))
      CHECK(stages.front().contains(found[1].str()));
  }
}

TEST_CASE("values that an option takes are no words of its entries") {
  std::map<std::string, std::vector<names>> choices;
  for (const auto key : kind_keys)
    for (const auto& type : offered_types(connectors(), *kind_of_key(key)))
      for (const auto& o :
           stage_options(*kind_of_key(key), type, find_connector(connectors(), *kind_of_key(key), type)))
        if (o.type == option_type::choice)
          choices[o.name].emplace_back(o.choices.begin(), o.choices.end());
  for (const auto& e : known_values()) {
    INFO(e.of << " / " << e.words);
    const auto& lists = choices[std::string(e.of)];
    REQUIRE_FALSE(lists.empty());
    for (const auto& word : words_of(e.words))
      CHECK_FALSE(std::ranges::all_of(lists, [&](const names& all) { return all.contains(word); }));
  }
}
