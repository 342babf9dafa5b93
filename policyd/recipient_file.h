// recipient_file - the operator's table of recipients, read again when it changes
//
// A thread looks at the file every few seconds and reads it when it has
// changed; the event loop only takes what it found. A file with a fault, or
// one that is gone, changes nothing: the table as it was stays, and on_state
// is told once. A reload has read it itself, and does not wait for the thread.
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

    struct Snapshot {
        RecipientTable table;
        std::string stamp; // of the file before it was read: what changes meanwhile is another state
    };

    // All faults of the file in one Error.
    static Result<Snapshot> read(const std::string& path);

    // `io` outlives it. `snapshot` is what read() gave a moment ago.
    RecipientFile(asio::io_context& io, std::string path, Snapshot snapshot, OnState on_state,
                  std::chrono::milliseconds interval = std::chrono::seconds(2));

    // What read() has given since.
    void use(RecipientTable table);

    std::shared_ptr<const RecipientTable> table() const { return table_; }
    const std::string& trouble() const { return trouble_; }

private:
    void look();
    void take(Result<Snapshot> found);

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
