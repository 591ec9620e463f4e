#include "actors/parsers/protobuf/schema_files.hpp"

#include "config/text/report.hpp"
#include "runtime/data/carried_file.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <map>
#include <set>
#include <utility>

namespace millrace::parser::protobuf {

namespace pb = google::protobuf;

namespace {

// Braces and brackets of .proto source nest no deeper: the library's compiler calls itself for each.
constexpr std::size_t most_nesting = 100;
constexpr std::size_t most_files = 1'000;
constexpr std::size_t most_names = 5'000;
constexpr std::size_t shown_text = 200;
constexpr data::file_kind schema_file{"schema", ".proto source, or descriptors that protoc has written",
                                      most_schema_bytes, "a schema of fewer messages"};

bool is_well_known(std::string_view name) { return name.starts_with("google/protobuf/"); }

/// One that is built into the library; null: it has none of that name.
const pb::FileDescriptor* well_known(const std::string& name) {
  if (!is_well_known(name))
    return nullptr;
  static_cast<void>(pb::Any::descriptor());  // generated files are registered when the library is loaded
  return pb::DescriptorPool::generated_pool()->FindFileByName(name);
}

/// Keeps the first error.
class first_error : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
public:
  explicit first_error(std::string file) : file_(std::move(file)) {}
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty())
      return;
    // The library counts from 0, and says -1 where it knows no place.
    text_ = line < 0 ? fmt::format("{}: {}", file_, data::excerpt(message, shown_text))
                     : fmt::format("{}:{}:{}: {}", file_, line + 1, column + 1,
                                   data::excerpt(message, shown_text));
  }
  void AddWarning(int, int, const std::string&) override {}
  void AddError(const std::string&, const std::string& element, const pb::Message* what, ErrorLocation where,
                const std::string& message) override {
    int line = -1;
    int column = 0;
    if (places_ != nullptr) {
      if (where == IMPORT)
        places_->FindImport(what, element, &line, &column);
      else
        places_->Find(what, where, &line, &column);
    }
    AddError(line, column, element.empty() ? message : fmt::format("{}: {}", element, message));
  }
  void AddWarning(const std::string&, const std::string&, const pb::Message*, ErrorLocation,
                  const std::string&) override {}
  void look_up_in(const pb::compiler::SourceLocationTable* places) { places_ = places; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] unexpected as_error(ec code = ec::invalid_argument) const {
    return user_error(code, text_.empty() ? file_ + ": it is not a Protobuf schema" : text_);
  }

private:
  std::string file_;
  std::string text_;
  const pb::compiler::SourceLocationTable* places_ = nullptr;
};

class no_errors : public pb::io::ErrorCollector {
public:
  void AddError(int, int, const std::string&) override {}
};

struct parsed_source {
  std::unique_ptr<pb::FileDescriptorProto> file = std::make_unique<pb::FileDescriptorProto>();
  std::unique_ptr<pb::compiler::SourceLocationTable> places =
      std::make_unique<pb::compiler::SourceLocationTable>();
};

expected<void> check_nesting(std::string_view text, const std::string& shown) {
  pb::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
  no_errors ignored;
  pb::io::Tokenizer tokens(&in, &ignored);
  std::size_t depth = 0;
  while (tokens.Next()) {
    const auto& t = tokens.current();
    if (t.type != pb::io::Tokenizer::TYPE_SYMBOL)
      continue;
    const char c = t.text.front();
    if (c == '{' || c == '[' || c == '(' || c == '<') {
      if (++depth > most_nesting)
        return user_error(ec::invalid_argument, fmt::format("{}:{}:{}: it is nested deeper than {}", shown,
                                                            t.line + 1, t.column + 1, most_nesting));
    } else if (depth > 0 && (c == '}' || c == ']' || c == ')' || c == '>')) {
      --depth;
    }
  }
  return {};
}

/// Says that a source is written in an edition, which the library does not compile, where it begins so.
expected<void> refuse_editions(std::string_view text, const std::string& shown) {
  pb::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
  no_errors ignored;
  pb::io::Tokenizer tokens(&in, &ignored);
  if (!tokens.Next() || tokens.current().text != "edition")
    return {};
  const auto where = tokens.current();
  if (!tokens.Next() || tokens.current().text != "=" || !tokens.Next() ||
      tokens.current().type != pb::io::Tokenizer::TYPE_STRING)
    return {};
  std::string edition;
  pb::io::Tokenizer::ParseString(tokens.current().text, &edition);
  return user_error(
      ec::unsupported,
      fmt::format("{}:{}:{}: it is written in the edition \"{}\", and editions are not supported; write "
                  "syntax = \"proto3\" (or \"proto2\") in its place, with `optional` at the fields "
                  "that have presence, and without options of features",
                  shown, where.line + 1, where.column + 1, data::excerpt(edition, shown_text)));
}

/// The library writes warnings to standard error otherwise; what is wrong with a schema is an error of ours.
void silence_library() {
  static const auto before = pb::SetLogHandler(nullptr);
  static_cast<void>(before);
}

expected<parsed_source> parse_source(std::string_view text, const std::string& name,
                                     const std::string& shown) {
  if (text.size() > most_schema_bytes)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: the schema has more than {} bytes", shown, most_schema_bytes));
  silence_library();
  RETURN_IF_ERROR(refuse_editions(text, shown));
  RETURN_IF_ERROR(check_nesting(text, shown));
  pb::io::ArrayInputStream in(text.data(), static_cast<int>(text.size()));
  first_error errors(shown);
  pb::io::Tokenizer tokens(&in, &errors);
  pb::compiler::Parser parser;
  parser.RecordErrorsTo(&errors);
  parsed_source out;
  parser.RecordSourceLocationsTo(out.places.get());
  if (!parser.Parse(&tokens, out.file.get()) || !errors.text().empty())
    return errors.as_error();
  out.file->clear_source_code_info();
  out.file->set_name(name);
  return out;
}

/// A name that protoc takes in an import: relative, and not out of its folder.
bool is_import_name(std::string_view name) {
  if (name.empty() || name.starts_with('/') || name.find('\\') != std::string_view::npos)
    return false;
  const auto path = std::filesystem::path(name);
  return std::none_of(path.begin(), path.end(), [](const auto& p) { return p == ".." || p == "."; });
}

}  // namespace

/// Brings the files of one schema into a pool, imports first.
class schema_maker {
public:
  schema_maker() : out_(new schema()) {}

  [[nodiscard]] expected<void> add(const pb::FileDescriptorProto& file, first_error& errors) {
    return out_->add(file, errors);
  }
  /// Errors: no file was added but well-known ones, which are the library's.
  [[nodiscard]] expected<std::shared_ptr<const schema>> take(const std::string& name) {
    if (out_->file_ == nullptr)
      return user_error(ec::invalid_argument, fmt::format("{}: it has the well-known types alone", name));
    return std::shared_ptr<const schema>(std::move(out_));
  }

private:
  std::shared_ptr<schema> out_;
};

namespace {

/// A file of source with what it imports, from its folder and that one's parents.
class source_tree {
public:
  explicit source_tree(const std::string& path) : path_(path) {
    std::error_code failed;
    auto folder = std::filesystem::absolute(path, failed).parent_path();
    for (; !folder.empty(); folder = folder.parent_path()) {
      folders_.push_back(folder);
      if (folder == folder.root_path())
        break;
    }
  }

  [[nodiscard]] expected<std::shared_ptr<const schema>> make(std::string text) {
    const auto name = std::filesystem::path(path_).filename().string();
    names_[identity_of(path_)] = name;
    RETURN_IF_ERROR(open(name, path_, std::move(text)));
    // A file is added when its imports are: the list of those that wait for theirs is the chain of imports.
    while (!waiting_.empty()) {
      auto& last = waiting_.back();
      if (last.next_import < last.source.file->dependency_size()) {
        RETURN_IF_ERROR(enter_import());
        continue;
      }
      first_error errors(last.shown);
      errors.look_up_in(last.source.places.get());
      RETURN_IF_ERROR(maker_.add(*last.source.file, errors));
      done_.insert(last.source.file->name());
      waiting_.pop_back();
    }
    return maker_.take(path_);
  }

private:
  struct opened {
    parsed_source source;
    std::string shown;
    int next_import = 0;
  };

  static std::string identity_of(const std::filesystem::path& path) {
    std::error_code failed;
    const auto real = std::filesystem::canonical(path, failed);
    return (failed ? path : real).string();
  }

  [[nodiscard]] expected<void> open(const std::string& name, const std::string& shown, std::string text) {
    bytes_ += text.size();
    if (bytes_ > most_schema_bytes || ++files_ > most_files)
      return user_error(ec::invalid_argument,
                        fmt::format("{}: the schema and its imports are more than {} files or {} bytes",
                                    path_, most_files, most_schema_bytes));
    ASSIGN_OR_RETURN(auto source, parse_source(text, name, shown));
    waiting_.push_back({std::move(source), shown});
    return {};
  }

  /// Takes the next import of the last file that waits.
  [[nodiscard]] expected<void> enter_import() {
    auto& importer = waiting_.back();
    auto& import = *importer.source.file->mutable_dependency(importer.next_import++);
    if (well_known(import) != nullptr)
      return {};
    const auto fail = [&](const std::string& what) {
      int line = -1;
      int column = 0;
      importer.source.places->FindImport(importer.source.file.get(), import, &line, &column);
      first_error errors(importer.shown);
      static_cast<pb::io::ErrorCollector&>(errors).AddError(
          line, column, fmt::format("import \"{}\": {}", data::excerpt(import), what));
      return errors.as_error(ec::not_found);
    };
    if (!is_import_name(import))
      return fail("an import is a path from a folder, without \".\" and \"..\"");
    for (const auto& folder : folders_) {
      const auto path = folder / import;
      std::error_code failed;
      if (!std::filesystem::is_regular_file(path, failed))
        continue;
      // The same file under another path is no second one.
      const auto known = names_.emplace(identity_of(path), import).first->second;
      if (done_.contains(known)) {
        import = known;
        return {};
      }
      if (std::any_of(waiting_.begin(), waiting_.end(),
                      [&](const opened& o) { return o.source.file->name() == known; }))
        return fail("the file imports itself, by way of others");
      import = known;
      auto text = data::file_or_carried(path.string(), schema_file);
      if (!text)
        return unexpected(data::about_file(path.string(), std::move(text).error()));
      return open(known, path.string(), std::move(*text));
    }
    return fail(
        fmt::format("there is no such file in {} and the folders above it; expected the path of a file "
                    "from one of them",
                    folders_.empty() ? "." : folders_.front().string()));
  }

  std::string path_;
  std::vector<std::filesystem::path> folders_;
  std::vector<opened> waiting_;
  std::map<std::string, std::string> names_;  // by the file's real path
  std::set<std::string> done_;
  std::size_t bytes_ = 0;
  std::size_t files_ = 0;
  schema_maker maker_;
};

}  // namespace

schema::schema() : pool_(std::make_unique<pb::DescriptorPool>()) { silence_library(); }

expected<void> schema::add(const pb::FileDescriptorProto& file, pb::DescriptorPool::ErrorCollector& errors) {
  auto& first = static_cast<first_error&>(errors);
  const auto* own = well_known(file.name());
  if (own == nullptr) {
    // Well-known types come from the library, with what they import.
    std::vector<const pb::FileDescriptor*> wanted;
    for (const auto& import : file.dependency())
      if (pool_->FindFileByName(import) == nullptr)
        if (const auto* known = well_known(import))
          wanted.push_back(known);
    while (!wanted.empty()) {
      const auto* known = wanted.back();
      const auto before = wanted.size();
      for (int i = 0; i < known->dependency_count(); ++i)
        if (pool_->FindFileByName(known->dependency(i)->name()) == nullptr)
          wanted.push_back(known->dependency(i));
      if (wanted.size() > before)
        continue;
      wanted.pop_back();
      pb::FileDescriptorProto copy;
      known->CopyTo(&copy);
      if (pool_->FindFileByName(known->name()) == nullptr && pool_->BuildFile(copy) == nullptr)
        return our_error(fmt::format("{} of the library cannot be built", known->name()));
    }
    own = pool_->BuildFileCollectingErrors(file, &first);
    if (own == nullptr)
      return first.as_error();
    files_.push_back(own);
    file_ = own;
  }
  return {};
}

expected<std::shared_ptr<const schema>> schema::of_source(std::string_view text, const std::string& name) {
  first_error errors(name);
  schema_maker maker;
  pb::FileDescriptorProto file;
  // No source is base64: it has blanks.
  if (const auto bytes = data::from_base64(text);
      bytes && text.size() <= most_schema_bytes && !bytes->empty() && file.ParseFromString(*bytes)) {
    RETURN_IF_ERROR(maker.add(file, errors));
    return maker.take(name);
  }
  ASSIGN_OR_RETURN(const auto source, parse_source(text, "schema.proto", name));
  errors.look_up_in(source.places.get());
  RETURN_IF_ERROR(maker.add(*source.file, errors));
  return maker.take(name);
}

expected<std::shared_ptr<const schema>> schema::of_descriptors(std::string_view bytes,
                                                               const std::string& name) {
  if (bytes.size() > most_schema_bytes)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: the schema has more than {} bytes", name, most_schema_bytes));
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || set.file_size() == 0)
    return user_error(ec::corrupt, fmt::format("{}: it is neither .proto source nor what protoc "
                                               "--include_imports --descriptor_set_out writes",
                                               name));
  if (static_cast<std::size_t>(set.file_size()) > most_files)
    return user_error(ec::invalid_argument,
                      fmt::format("{}: the schema is of more than {} files", name, most_files));
  first_error errors(name);
  schema_maker maker;
  for (const auto& file : set.file()) {
    auto added = maker.add(file, errors);
    if (!added)
      return user_error(ec::invalid_argument,
                        fmt::format("{}; expected all imports in front of it, as protoc --include_imports "
                                    "--descriptor_set_out writes them",
                                    added.error().message));
  }
  return maker.take(name);
}

expected<std::shared_ptr<const schema>> schema::of_file(const std::string& path) {
  auto read = data::file_or_carried(path, schema_file);
  if (!read)
    return unexpected(data::about_file(path, std::move(read).error()));
  auto& bytes = *read;
  // Source has no control characters but blanks; a set of descriptors begins with a tag and a length, and has zeros or
  // others of them.
  const bool is_binary = std::any_of(bytes.begin(), bytes.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' &&
           c != '\v';
  });
  if (is_binary || data::is_carried(path))
    return of_descriptors(bytes, data::shown_file(path));
  return source_tree(path).make(std::move(bytes));
}

namespace {

void add_names(const pb::Descriptor& d, std::vector<std::string>& out) {
  if (out.size() >= most_names || d.options().map_entry())
    return;
  out.push_back(d.full_name());
  for (int i = 0; i < d.nested_type_count(); ++i)
    add_names(*d.nested_type(i), out);
}

}  // namespace

std::vector<std::string> schema::messages() const {
  std::vector<std::string> out;
  for (int i = 0; i < file_->message_type_count(); ++i)
    add_names(*file_->message_type(i), out);
  return out;
}

expected<const pb::Descriptor*> schema::find(std::string_view full_name) const {
  const auto* found = pool_->FindMessageTypeByName(std::string(full_name));
  if (found != nullptr && !found->options().map_entry())
    return found;
  const auto names = messages();
  if (names.empty())
    return user_error(ec::not_found, fmt::format("there is no message \"{}\": the schema has none",
                                                 data::excerpt(full_name)));
  // A name without its package is the likeliest mistake.
  std::string meant;
  for (const auto& name : names)
    if (name.ends_with(fmt::format(".{}", full_name)))
      meant = fmt::format("; did you mean \"{}\"?", name);
  if (meant.empty())
    meant = config::did_you_mean(full_name, names);
  return user_error(ec::not_found, fmt::format("there is no message \"{}\"; expected {}{}",
                                               data::excerpt(full_name), config::one_of(names), meant));
}

const pb::Descriptor* schema::only_message() const {
  return file_->message_type_count() == 1 ? file_->message_type(0) : nullptr;
}

expected<const pb::Descriptor*> schema::message(std::string_view full_name, std::string_view remedy) const {
  if (!full_name.empty())
    return find(full_name);
  if (const auto* only = only_message(); only != nullptr)
    return only;
  const auto names = messages();
  if (names.empty())
    return user_error(ec::invalid_argument, "the schema has no message");
  return user_error(ec::invalid_argument, fmt::format("the schema has several messages; say {}: {}", remedy,
                                                      config::one_of(names)));
}

std::string schema::bytes() const {
  pb::FileDescriptorSet set;
  for (const auto* file : files_)
    file->CopyTo(set.add_file());
  std::string out;
  {
    pb::io::StringOutputStream to(&out);
    pb::io::CodedOutputStream coded(&to);
    coded.SetSerializationDeterministic(true);
    set.SerializeToCodedStream(&coded);
  }
  return out;
}

}  // namespace millrace::parser::protobuf
