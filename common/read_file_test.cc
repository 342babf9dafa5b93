#include "common/read_file.h"

#include "test/scratch_folder.h"

#include <doctest/doctest.h>
#include <fstream>
#include <sys/stat.h>

namespace postern {

TEST_CASE("read_file reads a file, and nothing else")
{
    const ScratchFolder folder;
    const std::string file = folder / "file", fifo = folder / "fifo";
    std::ofstream(file) << "one\ntwo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(read_file(file, 7).value() == "one\ntwo");
    CHECK(read_file(file, 6).error().what == file + ": has more than 6 octets");
    CHECK(read_file(fifo, 7).error().what == fifo + ": is not a file");
    CHECK(read_file(folder.path(), 7).error().what == folder.path() + ": is not a file");
    CHECK(read_file(file + "x", 7).error().what == file + "x: No such file or directory");
}

} // namespace postern
