// Which message a record is, as its serializer says in front of it: Confluent's message indexes, Apicurio's reference. Pure.
#pragma once

#include "actors/parsers/protobuf/schema_files.hpp"

#include <string>
#include <string_view>

namespace millrace::parser::protobuf {

/// Takes the indexes off the record: how many, then each, as zigzag varints; a single 0 is the file's first message. The first
/// counts the file's messages, each other those within the one before. Null leaves why as the reason.
[[nodiscard]] const google::protobuf::Descriptor* take_indexes(const schema& from, std::string_view& record,
                                                               std::string& why);

/// Takes a reference off the record: a message, behind its length, whose field 1 is the name of the record's, without its
/// package. An empty one leaves `named` null. False leaves why as the reason.
[[nodiscard]] bool take_reference(const schema& from, std::string_view& record,
                                  const google::protobuf::Descriptor*& named, std::string& why);

}  // namespace millrace::parser::protobuf
