<?php

declare(strict_types=1);

/*
 * An application without a framework, for the tests of framework = callable: the last part of the path names the page.
 * Everything is plain PHP, as it would run under php-fpm.
 */

final class CallableApp
{
    private int $served = 0;

    public function __construct(private readonly int $bootedBy)
    {
    }

    public function __invoke(): void
    {
        $this->served++;
        $page = strtr(trim((string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/'), '-', '_') ?: 'home';
        if (!is_callable($run = [$this, "page_$page"])) {
            http_response_code(404);
            echo "no page $page";

            return;
        }
        $run();
    }

    public function page_home(): void
    {
        header('Content-Type: application/json');
        echo json_encode(['served' => $this->served, 'booted_by' => $this->bootedBy, 'pid' => getmypid()]);
    }

    /** The superglobals and the body, as JSON; bytes that are no UTF-8 as \xNN. */
    public function page_dump(): void
    {
        $all = [
            'get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE, 'files' => $_FILES, 'request' => $_REQUEST,
            'server' => $_SERVER, 'env' => $_ENV, 'session' => isset($_SESSION),
            'input' => file_get_contents('php://input'), 'input_again' => file_get_contents('php://input'),
            'sapi' => PHP_SAPI, 'argv' => $GLOBALS['argv'] ?? null,
        ];
        array_walk_recursive($all, static function (mixed &$value): void {
            if (is_string($value) && !mb_check_encoding($value, 'UTF-8')) {
                $value = addcslashes($value, "\x80..\xff");
            }
        });
        header('Content-Type: application/json');
        echo json_encode($all, JSON_THROW_ON_ERROR);
    }

    public function page_headers(): void
    {
        header('X-One: 1');
        header('X-Two: first');
        header('X-Two: second', false);
        header('X-Gone: 1');
        header_remove('X-Gone');
        setcookie('plain', 'a b', ['samesite' => 'Strict', 'path' => '/p']);
        setrawcookie('raw', 'a%20b');
        http_response_code((int) ($_GET['status'] ?? 200));
        echo json_encode(headers_list());
    }

    public function page_exit(): never
    {
        exit($_GET['text'] ?? 'left');
    }

    public function page_throw(): never
    {
        throw new RuntimeException('nobody catches this');
    }

    public function page_fatal(): void
    {
        eval('class BrokenPromise implements Countable {}');
    }

    public function page_memory(): void
    {
        ini_set('memory_limit', '64M');
        for ($hoard = []; ;) {
            $hoard[] = str_repeat('x', 1 << 20);
        }
    }

    public function page_loop(): void
    {
        set_time_limit((int) ($_GET['limit'] ?? 0));
        for ($i = 0; ; $i++) {
            $i %= 1000;
        }
    }

    public function page_slow(): void
    {
        usleep(1000 * (int) ($_GET['ms'] ?? 1000));
        echo getmypid();
    }

    public function page_flush(): void
    {
        for ($i = 1; $i <= 3; $i++) {
            echo "part $i\n";
            flush();
            usleep(1000 * (int) ($_GET['ms'] ?? 100));
        }
    }

    public function page_big(): void
    {
        $piece = str_repeat('0123456789abcde' . "\n", 4096);
        for ($left = (int) ($_GET['bytes'] ?? 1 << 20); $left > 0; $left -= strlen($piece)) {
            echo $left < strlen($piece) ? substr($piece, 0, $left) : $piece;
        }
    }

    public function page_upload(): void
    {
        $file = $_FILES['file'] ?? ['tmp_name' => ''];
        $is = is_uploaded_file($file['tmp_name']);
        $sum = $is ? md5_file($file['tmp_name']) : null;
        $moved = isset($_GET['keep']) && move_uploaded_file($file['tmp_name'], $_GET['keep']);
        echo json_encode(['files' => $_FILES, 'is_uploaded_file' => $is, 'md5' => $sum, 'moved' => $moved]);
    }

    public function page_session(): void
    {
        session_start();
        echo $_SESSION['count'] = 1 + ($_SESSION['count'] ?? 0);
    }

    public function page_random(): void
    {
        echo json_encode([getmypid(), mt_rand(), lcg_value(), str_shuffle('abcdefghijklmnopqrstuvwxyz'), uniqid('', true)]);
    }

    public function page_shutdown(): void
    {
        register_shutdown_function(static function (): void {
            echo ',shutdown';
        });
        echo 'body';
    }

    public function page_memory_usage(): void
    {
        echo memory_get_usage();
    }

    /** What a request can change in PHP itself: asked twice, the answers must be equal. */
    public function page_traces(): void
    {
        echo json_encode([
            date_default_timezone_get(), setlocale(LC_ALL, '0'), mb_internal_encoding(), getcwd(), umask(),
            ini_get('precision'), error_reporting(), ob_get_level(), ignore_user_abort(), getenv('TRACE'), error_get_last(),
        ]);
        date_default_timezone_set('Asia/Tokyo');
        setlocale(LC_ALL, 'C.UTF-8', 'C.utf8');
        mb_internal_encoding('ISO-8859-1');
        chdir('/');
        umask(0007);
        ini_set('precision', '3');
        error_reporting(0);
        ignore_user_abort(true);
        putenv('TRACE=left');
        @trigger_error('left');
        set_error_handler(static fn () => true);
        ob_start();
    }
}

return new CallableApp(getmypid());
