// recipient_file - the operator's table of recipients, read again when it changes
//
// A thread looks at the file every few seconds and reads it when it has
// changed; the event loop only takes what it found. A file with a fault, or
// one that is gone, changes nothing: the table as it was stays, and on_state
// is told once.
// Config: [recipient] access
#pragma once

#include "common/batch_thread.h"
#include "policyd/recipient_table.h"

#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace postern {

class RecipientFile {
public:
    using OnState = std::function<void(const std::string& trouble)>; // empty: a new table is in force

    // All faults of the file in one Error.
    static Result<RecipientTable> read(const std::string& path);

    // `io` outlives it. `table` is what read() gave a moment ago.
    RecipientFile(asio::io_context& io, std::string path, RecipientTable table, OnState on_state,
                  std::chrono::milliseconds interval = std::chrono::seconds(2));

    std::shared_ptr<const RecipientTable> table() const { return table_; }
    const std::string& trouble() const { return trouble_; }

private:
    void look();
    void take(Result<RecipientTable> read);

    asio::io_context& io_;
    std::string path_;
    OnState on_state_;
    std::shared_ptr<const RecipientTable> table_;
    std::string trouble_;
    std::shared_ptr<int> alive_ = std::make_shared<int>(); // for what is posted and arrives after the end

    std::string stamp_; // the thread's alone
    std::unique_ptr<BatchThread<int>> thread_;
};

} // namespace postern
