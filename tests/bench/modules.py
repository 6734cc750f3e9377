"""A process of many modules with much debug information: for make bench."""
import os
import shutil
import subprocess

LOADER = r"""
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!dlopen(argv[i], RTLD_NOW))
			return puts(dlerror());
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
"""
ALL_TYPES = "-fno-eliminate-unused-debug-types"


def unit(structs):
    """C with so many structs, and a function that takes each."""
    text = []
    for i in range(structs):
        members = "".join("\tint number%d_%d;\n" % (i, m) for m in range(6))
        text.append(
            "struct thing%d {\n%s\tstruct thing%d *next, *list[4];\n};\n"
            "__attribute__((used)) static int take%d(struct thing%d *thing, "
            "int count)\n{\n\tint sum = count;\n\n"
            "\treturn sum + thing->number%d_0;\n}\n" %
            (i, members, i, i, i, i))
    return "".join(text)


class Modules:
    """count libraries, each with so many units of so many structs; the last
    one alone has "struct sought".  Made by every compiler that is here."""

    def __init__(self, folder, count, units, structs):
        self.folder, self.count = folder, count
        compilers = [c for c in ("gcc", "clang") if shutil.which(c)]
        self.write("loader.c", LOADER)
        self.write("unit.c", unit(structs))
        self.write("none.c", "")
        self.write("sought.c", "struct sought { int number_of_sought; };\n"
                   "struct sought sought = {4711};\n")
        self.compile(compilers[0], "loader.c", "-o", "loader", "-ldl")
        for compiler in compilers:
            for name in ("unit", "sought"):
                self.compile(compiler, "-c", "-fPIC", ALL_TYPES, name + ".c",
                             "-o", "%s-%s.o" % (name, compiler))
            self.link(compiler, units, "library")
            self.link(compiler, units, "last", "sought-%s.o" % compiler)
        self.libraries = []
        self.debug_bytes = 0
        for kind in ("with", "without"):
            os.mkdir(self.path(kind))
        for i in range(count):
            self.add(i, compilers[i % len(compilers)])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def compile(self, compiler, *args):
        subprocess.run([compiler, "-g", "-O0", *args], cwd=self.folder,
                       check=True)

    def link(self, compiler, units, name, *more):
        self.compile(compiler, "-shared", "-o", "%s-%s.so" % (name, compiler),
                     *["unit-%s.o" % compiler] * units, *more)
        subprocess.run(["objcopy", "--strip-debug",
                        "%s-%s.so" % (name, compiler),
                        "%s-%s.stripped" % (name, compiler)],
                       cwd=self.folder, check=True)

    def add(self, index, compiler):
        made = "%s-%s" % ("last" if index == 0 else "library",
                          compiler)
        name = "library%d.so" % index
        shutil.copy(self.path(made + ".so"), self.path("with/" + name))
        shutil.copy(self.path(made + ".stripped"),
                    self.path("without/" + name))
        self.debug_bytes += (os.path.getsize(self.path(made + ".so")) -
                             os.path.getsize(self.path(made + ".stripped")))
        self.libraries.append(name)

    def start(self, kind):
        """A process that has loaded them all, "with" or "without"."""
        process = subprocess.Popen(
            [self.path("loader"), *[os.path.join(self.path(kind), name)
                                     for name in self.libraries]],
            cwd=self.path(kind), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        said = process.stdout.readline()
        if said != "ready\n":
            raise SystemExit("modules: %s" % said)
        return process


def end(process):
    process.stdin.close()
    process.wait()
