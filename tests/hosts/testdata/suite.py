"""What test suites in Python do to their machine: sleep, pipe, capture, kill, stop, listen.

Run it as it is, or under  slotsim exec -- python3 suite.py
"""
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest


class Sleeping(unittest.TestCase):
    def test_minutes_pass(self):
        before, wall = time.monotonic(), time.time()
        time.sleep(300)
        self.assertAlmostEqual(time.monotonic() - before, 300, delta=1)
        self.assertAlmostEqual(time.time() - wall, 300, delta=1)

    def test_an_alarm_interrupts(self):
        rang = []
        signal.signal(signal.SIGALRM, lambda *_: rang.append(time.monotonic()))
        before = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 2.5)
        signal.pause()
        self.assertAlmostEqual(rang[0] - before, 2.5, delta=0.1)

    def test_looking_at_the_clock_takes_no_time(self):
        before = time.monotonic()
        for _ in range(1000):
            now = time.monotonic()
        self.assertEqual(now, before)

    def test_a_busy_wait_ends(self):
        end = time.monotonic() + 0.2
        while time.monotonic() < end:
            pass

    def test_select_times_out(self):
        reader, writer = os.pipe()
        before = time.monotonic()
        self.assertEqual(select.select([reader], [], [], 7), ([], [], []))
        self.assertAlmostEqual(time.monotonic() - before, 7, delta=0.1)
        os.write(writer, b"x")
        self.assertEqual(select.select([reader], [], [], 7)[0], [reader])
        os.close(reader)
        os.close(writer)


class Programs(unittest.TestCase):
    def test_output_is_captured(self):
        done = subprocess.run(["sh", "-c", "sleep 2; echo out; echo err >&2; exit 4"],
                              capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (4, b"out\n", b"err\n"))

    def test_pipelines(self):
        text = subprocess.check_output("seq 1 20000 | sort -n | tail -1 | tr 2 3", shell=True)
        self.assertEqual(text, b"30000\n")

    def test_a_full_pipe_waits(self):
        program = subprocess.Popen(["sh", "-c", "sleep 1; wc -c"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        out, _ = program.communicate(b"y" * 1_000_000)
        self.assertEqual(int(out), 1_000_000)

    def test_kill_and_stop(self):
        program = subprocess.Popen(["sleep", "1000"])
        time.sleep(1)
        program.send_signal(signal.SIGSTOP)
        with open(f"/proc/{program.pid}/stat", encoding="ascii") as file:
            self.assertEqual(file.read().split()[2], "T")
        program.send_signal(signal.SIGCONT)
        program.terminate()
        self.assertEqual(program.wait(), -signal.SIGTERM)

    def test_a_crash_is_told(self):
        done = subprocess.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"],
                              check=False)
        self.assertEqual(done.returncode, -signal.SIGSEGV)

    def test_a_timeout_kills(self):
        with self.assertRaises(subprocess.TimeoutExpired):
            subprocess.run(["sleep", "100"], timeout=3, check=False)

    def test_a_missing_program(self):
        with self.assertRaises(FileNotFoundError):
            subprocess.run(["no-such-program-here"], check=False)


class Threads(unittest.TestCase):
    def test_they_take_turns(self):
        order = []

        def work(delay):
            time.sleep(delay)
            order.append(delay)

        threads = [threading.Thread(target=work, args=(delay,)) for delay in (3, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(order, [1, 2, 3])

    def test_conditions_time_out(self):
        condition = threading.Condition()
        before = time.monotonic()
        with condition:
            self.assertFalse(condition.wait(5))
        self.assertAlmostEqual(time.monotonic() - before, 5, delta=0.1)


class Sockets(unittest.TestCase):
    def serve(self, listener):
        connection, _ = listener.accept()
        data = connection.recv(100)
        connection.sendall(data * 3)
        connection.close()

    def test_a_server_in_a_thread(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = threading.Thread(target=self.serve, args=(listener,))
        server.start()
        client = socket.create_connection(listener.getsockname())
        client.sendall(b"abc")
        self.assertEqual(client.recv(100), b"abcabcabc")
        self.assertEqual(client.recv(100), b"")
        server.join()
        client.close()
        listener.close()

    def test_nobody_listens(self):
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", 1))

    def test_a_port_is_taken(self):
        one = socket.socket()
        one.bind(("127.0.0.1", 17999))
        one.listen()
        with self.assertRaises(OSError):
            other = socket.socket()
            other.bind(("127.0.0.1", 17999))
        one.close()

    def test_unix_sockets(self):
        path = "suite.sock"
        if os.path.exists(path):
            os.unlink(path)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        server = threading.Thread(target=self.serve, args=(listener,))
        server.start()
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        client.sendall(b"hi")
        self.assertEqual(client.recv(100), b"hihihi")
        server.join()
        client.close()
        listener.close()
        os.unlink(path)


class Epoll(unittest.TestCase):
    def setUp(self):
        self.reader, self.writer = os.pipe()
        self.epoll = select.epoll()

    def tearDown(self):
        self.epoll.close()
        os.close(self.reader)
        os.close(self.writer)

    def ready(self):
        return [fd for fd, _ in self.epoll.poll(0)]

    def test_level_tells_until_all_is_read(self):
        self.epoll.register(self.reader, select.EPOLLIN)
        self.assertEqual(self.epoll.poll(3), [])
        os.write(self.writer, b"ab")
        self.assertEqual([self.ready(), self.ready()], [[self.reader]] * 2)
        os.read(self.reader, 2)
        self.assertEqual(self.ready(), [])

    def test_edge_tells_what_is_new(self):
        self.epoll.register(self.reader, select.EPOLLIN | select.EPOLLET)
        os.write(self.writer, b"a")
        self.assertEqual([self.ready(), self.ready()], [[self.reader], []])
        os.write(self.writer, b"b")
        self.assertEqual([self.ready(), self.ready()], [[self.reader], []])

    def test_one_shot_tells_once(self):
        self.epoll.register(self.reader, select.EPOLLIN | select.EPOLLONESHOT)
        os.write(self.writer, b"a")
        self.assertEqual([self.ready(), self.ready()], [[self.reader], []])
        os.write(self.writer, b"b")
        self.assertEqual(self.ready(), [])
        self.epoll.modify(self.reader, select.EPOLLIN | select.EPOLLONESHOT)
        self.assertEqual(self.ready(), [self.reader])


class Children(unittest.TestCase):
    def test_who_ignores_them_may_have_many(self):
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(300):
            if os.fork() == 0:
                os._exit(0)
            with self.assertRaises(ChildProcessError):
                os.wait()
        signal.signal(signal.SIGCHLD, before)

    def test_their_end_is_heard_once_each(self):
        heard = []
        before = signal.signal(signal.SIGCHLD, lambda number, _: heard.append(number))
        for _ in range(3):
            child = os.fork()
            if child == 0:
                time.sleep(1)
                os._exit(7)
            time.sleep(2)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 7)
        signal.signal(signal.SIGCHLD, before)
        self.assertEqual(heard, [signal.SIGCHLD] * 3)


class Servers(unittest.TestCase):
    def test_a_replica_follows_and_is_promoted(self):
        ports = (17100, 17101)
        # A dump that one run leaves would be read by the next.
        folders = [f"suite-server-{port}" for port in ports]
        for folder in folders:
            os.makedirs(folder, exist_ok=True)
            self.addCleanup(shutil.rmtree, folder)
        servers = [subprocess.Popen(["redis-server", "--port", str(port), "--save", "",
                                     "--dir", folder, "--repl-diskless-sync-delay", "0"],
                                    stdout=subprocess.DEVNULL)
                   for port, folder in zip(ports, folders)]

        def ask(port, *words):
            return subprocess.run(["redis-cli", "-p", str(port), *words], capture_output=True,
                                  check=False).stdout.decode().strip()

        def wait_for(answer):
            for _ in range(400):
                if answer():
                    return
                time.sleep(0.05)
            self.fail("waited in vain")

        wait_for(lambda: all(ask(port, "ping") == "PONG" for port in ports))
        ask(ports[1], "replicaof", "127.0.0.1", str(ports[0]))
        self.assertEqual(ask(ports[0], "set", "k", "v"), "OK")
        wait_for(lambda: ask(ports[1], "get", "k") == "v")
        servers[0].kill()
        servers[0].wait()
        self.assertEqual(ask(ports[1], "replicaof", "no", "one"), "OK")
        self.assertEqual(ask(ports[1], "set", "k", "w"), "OK")
        servers[1].terminate()
        self.assertEqual(servers[1].wait(), 0)


class Chance(unittest.TestCase):
    def test_it_is_the_seed_that_decides(self):
        print("chance", random.random(), os.urandom(4).hex(), file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=0)
