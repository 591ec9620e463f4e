// Tables on other machines have this in common: whole files are sent from the work folder, a mark says whose
// the table is, and files are read in parts.
#pragma once

#include "actors/connectors/parquet/storage/table_folder.hpp"

#include <functional>

namespace millrace::storage {

class remote_folder : public table_folder {
public:
  /// Publishes several files at a time, each over a connection of its own.
  expected<void> publish(const std::vector<whole_file_here>& files) final;
  expected<void> upload_hidden(const std::vector<upload>& files) final;
  expected<void> reveal_hidden(const std::vector<hidden_file>& files) final;
  /// Does nothing: the other side has what it said it has.
  expected<void> sync(const std::vector<std::string>&) final { return {}; }
  expected<std::unique_ptr<stored_file>> open(const std::string& name) final;
  bool has_mark() const final { return true; }
  expected<std::optional<std::string>> mark() final;
  expected<void> set_mark(const std::string& text, bool replace) final;

  /// Returns a file's size in bytes; nothing where there is no such file.
  [[nodiscard]] virtual expected<std::optional<std::uint64_t>> size_of(const std::string& name) = 0;
  [[nodiscard]] virtual expected<std::string> read(const std::string& name, std::uint64_t offset,
                                                   std::uint64_t length) = 0;

protected:
  /// Returns the same place over connections of its own, for another thread.
  [[nodiscard]] virtual std::unique_ptr<remote_folder> another() const = 0;
  /// Gives the file its name there whole, in one step, never over another: false where a file has that name.
  [[nodiscard]] virtual expected<bool> send(const std::filesystem::path& whole, std::uint64_t size,
                                            const std::string& visible) = 0;
  /// Copies the file there, over any file of that name.
  [[nodiscard]] virtual expected<void> place(const std::filesystem::path& whole, std::uint64_t size,
                                             const std::string& hidden) = 0;
  /// Renames a file in one step; false where a file has the visible name. The hidden file may have gone
  /// meanwhile: ec::unavailable.
  [[nodiscard]] virtual expected<bool> move(const std::string& hidden, const std::string& visible) = 0;
  /// Writes a short text; false where something has that name and is not to be replaced.
  [[nodiscard]] virtual expected<bool> write(const std::string& name, const std::string& text,
                                             bool replace) = 0;

private:
  [[nodiscard]] expected<void>
  several_at_a_time(std::size_t count,
                    const std::function<expected<void>(remote_folder&, std::size_t)>& each);
  [[nodiscard]] expected<void> publish(const whole_file_here& file);
  [[nodiscard]] expected<void> reveal(const hidden_file& file);
};

}  // namespace millrace::storage
