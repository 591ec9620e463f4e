// A Protobuf schema: .proto source with what it imports, or a serialized FileDescriptorSet. It becomes descriptors, made
// while running, and one text of bytes that depends on the schema alone.
#pragma once

#include "runtime/base/error.hpp"

#include <google/protobuf/descriptor.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser::protobuf {

/// The files of a schema together have no more bytes.
inline constexpr std::size_t most_schema_bytes = 5'000'000;

/// Descriptors, which live as long as it does. Any thread may read them.
class schema {
public:
  /// Reads a file of .proto source with its imports, or one of descriptors. It reads files.
  [[nodiscard]] static expected<std::shared_ptr<const schema>> of_file(const std::string& path);
  /// Compiles .proto source that imports none but the well-known types, or takes a FileDescriptorProto in base64, as some
  /// serializers give it to a registry. `name` stands in errors.
  [[nodiscard]] static expected<std::shared_ptr<const schema>> of_source(std::string_view text,
                                                                         const std::string& name);
  /// Takes what bytes() gives, or what protoc --include_imports --descriptor_set_out writes; its last file is the schema's.
  [[nodiscard]] static expected<std::shared_ptr<const schema>> of_descriptors(std::string_view bytes,
                                                                              const std::string& name);

  /// The file that was asked for.
  [[nodiscard]] const google::protobuf::FileDescriptor& file() const { return *file_; }
  /// The message of that full name in any of its files. An error says what there is.
  [[nodiscard]] expected<const google::protobuf::Descriptor*> find(std::string_view full_name) const;
  /// The only message of the file, where it has one.
  [[nodiscard]] const google::protobuf::Descriptor* only_message() const;
  /// The message of that name, or without one the only one. `remedy`: how to say which one is meant, where there are several.
  [[nodiscard]] expected<const google::protobuf::Descriptor*> message(std::string_view full_name,
                                                                      std::string_view remedy) const;
  /// The full names of the file's messages, those within others behind them; at most some thousands.
  [[nodiscard]] std::vector<std::string> messages() const;
  /// A FileDescriptorSet: imports first, without the well-known types and without comments.
  [[nodiscard]] std::string bytes() const;

private:
  schema();
  [[nodiscard]] expected<void> add(const google::protobuf::FileDescriptorProto& file,
                                   google::protobuf::DescriptorPool::ErrorCollector& errors);
  friend class schema_maker;

  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  std::vector<const google::protobuf::FileDescriptor*> files_;  // imports first, well-known ones left out
  const google::protobuf::FileDescriptor* file_ = nullptr;
};

}  // namespace millrace::parser::protobuf
