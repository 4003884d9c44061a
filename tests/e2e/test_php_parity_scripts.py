"""More scripts that must answer as under php-fpm: output buffers, errors, ends, headers, sessions, input, state of the process.

Each is asked twice, since the second time it meets what the first has left. Where ours is different on purpose, or php-fpm's own
answer is an accident of FastCGI, docs/DECISIONS.md says so ("Where an answer differs from php-fpm's").
"""

import base64

import pytest

from lib.fpm import FPM, NGINX
from test_php_parity import R, ask, normal, pair  # noqa: F401 (pair is a fixture)

pytestmark = pytest.mark.skipif(not (NGINX and FPM), reason="needs nginx and php-fpm")

SCRIPTS = {
    "ob level at end with notice": "ob_start(); ob_start(); echo 'a'; echo ob_get_level();",
    "ob_implicit_flush": "ob_implicit_flush(true); echo 'a'; echo json_encode(headers_sent()); echo 'b';",
    "ob chunk size": "ob_start(fn($b,$p)=>\"[$b:$p]\", 3); echo 'ab'; echo 'cdef'; echo 'g';",
    "ob flags status": "ob_start(); ob_start(fn($b)=>$b); echo json_encode(ob_list_handlers()), "
        "json_encode(array_map(fn($s)=>[$s['name'],$s['level'],$s['type'],$s['flags']], "
        "ob_get_status(true)));",
    "ob no erase": "ob_start(null, 0, 0); echo 'a'; echo json_encode(@ob_end_clean()), "
        "json_encode(@ob_get_clean());",
    "ob in callback": "ob_start(function($b){ ob_start(); return $b; }); echo 'a';",
    "ob callback false": "ob_start(fn($b)=>false); echo 'kept';",
    "ob callback echo": "ob_start(function($b){ echo 'lost'; return $b.'!'; }); echo 'a';",
    "ob callback null": "ob_start(fn($b)=>null); echo 'kept?';",
    "ob callback array": "ob_start(fn($b)=>[]); echo 'kept?';",
    "ob callback header": "ob_start(function($b){ header('X-Cb: 1'); return $b; }); echo 'a';",
    "ob callback status": "ob_start(function($b){ http_response_code(418); return strlen($b).''; }); echo 'abc';",
    "ob flush then end": "ob_start(fn($b,$m)=>\"($b,$m)\"); echo 'a'; ob_flush(); echo 'b'; ob_clean(); echo 'c';",
    "ob gzhandler plain": "ob_start('ob_gzhandler'); echo 'hello';",
    "output_reset_rewrite": "output_add_rewrite_var('a','b'); echo '<a href=\"?x\">'; output_reset_rewrite_vars(); echo '<a "
        "href=\"?y\">';",
    "printf return": "echo printf('%s','x'), print('y'), print_r('z', true), vsprintf('%05.1f',[3.14159]);",
    "highlight": "highlight_string('<?php echo 1;'); ",
    "error_get_last": "@$a['x']; echo json_encode(error_get_last()['message'] ?? null);",
    "error clear": "@trigger_error('x'); error_clear_last(); echo json_encode(error_get_last());",
    "error handler returns false": "set_error_handler(fn()=>false); echo $u; echo 'x';",
    "error handler throws": "set_error_handler(function($n,$m,$f,$l){ throw new ErrorException($m,0,$n,'f',1); }); try { "
        "echo $u; } catch (ErrorException $e) { echo get_class($e), $e->getMessage(); }",
    "error handler throws uncaught": "set_error_handler(function($n,$m){ throw new ErrorException($m); }); echo $u; echo 'never';",
    "error handler nested": "set_error_handler(function($n,$m){ echo \"[$m]\"; echo $nested; return true; }); echo $outer;",
    "error handler on warnings in shutdown": "set_error_handler(function($n,$m){ echo \"[$m]\"; return true; }); "
        "register_shutdown_function(function(){ echo $late; });",
    "restore error handler": "set_error_handler(fn()=>print('1')); set_error_handler(fn()=>print('2')); "
        "restore_error_handler(); echo $u;",
    "error handler mask": "set_error_handler(function(){ echo 'h'; return true; }, E_USER_NOTICE); trigger_error('a'); "
        "trigger_error('b', E_USER_WARNING);",
    "handler for deprecated": "set_error_handler(function($n,$m){ echo $n, ':', $m; return true; }); echo strlen(null); "
        "trigger_error('d', E_USER_DEPRECATED);",
    "display stderr": "ini_set('display_errors','stderr'); echo $u; echo 'x';",
    "display with prepend": "ini_set('display_errors','1'); ini_set('html_errors','0'); "
        "ini_set('error_prepend_string','<<'); ini_set('error_append_string','>>'); echo $u;",
    "warning shown html": "ini_set('display_errors','1'); ini_set('html_errors','1'); ini_set('docref_root','/m/'); "
        "ini_set('docref_ext','.html'); fopen('/nowhere/x','r');",
    "uncaught shown html": "ini_set('display_errors','1'); ini_set('html_errors','1'); throw new Exception('<b>');",
    "uncaught with previous": "ini_set('display_errors','1'); ini_set('html_errors','0'); try { throw new Exception('a'); } "
        "catch (Exception $e) { throw new LogicException('b', 3, $e); }",
    "user error after output": "echo 'a'; trigger_error('x', E_USER_ERROR); echo 'b';",
    "assert": "ini_set('assert.exception','1'); try { assert(false); echo 'off'; } catch (AssertionError $e) "
        "{ echo 'on'; }",
    "error_reporting 0 then fatal": "error_reporting(0); nowhere();",
    "silenced fatal": "@nowhere();",
    "error_log type 4": "error_log('x', 4); echo 'a';",
    "division": "echo intdiv(1, 0);",
    "modulo": "try { echo 1 % 0; } catch (DivisionByZeroError $e) { echo $e->getMessage(); }",
    "array to string": "echo [] . 'x';",
    "undefined const": "echo NOWHERE_AT_ALL;",
    "undefined method": "(new stdClass)->nothing();",
    "match": "echo match(5) { 1 => 'a' };",
    "readonly": "$o = new class(1) { function __construct(public readonly int $x) {} }; try { $o->x = 2; } "
        "catch (Error $e) { echo $e->getMessage(); }",
    "abstract": "new Countable;",
    "include missing": "include '/nowhere/x.php'; echo 'on';",
    "require missing": "require '/nowhere/x.php'; echo 'never';",
    "eval parse caught": "try { eval('}'); } catch (ParseError $e) { echo get_class($e), $e->getLine(); }",
    "eval returns": "echo eval('return 5;');",
    "timeout in shutdown": "register_shutdown_function(function(){ echo 'shut'; }); set_time_limit(1); while(1);",
    "timeout with display": "ini_set('display_errors','1'); ini_set('html_errors','0'); set_time_limit(1); while(1);",
    "time limit extended": "set_time_limit(1); $t=microtime(true); while(microtime(true)-$t<0.6); set_time_limit(1); "
        "while(microtime(true)-$t<1.2); echo 'ok';",
    "exit array": "try { exit([]); } catch (TypeError $e) { echo 't'; } echo 'x';",
    "exit float": "exit(1.5);",
    "exit null": "echo 'a'; exit(null);",
    "exit object": "exit(new class { function __toString() { return 'str'; } });",
    "exit bool": "exit(true);",
    "exit in included eval": "eval('exit(\"e\");'); echo 'never';",
    "exit in finally": "try { throw new Exception('a'); } finally { exit('f'); }",
    "exit in ob callback nested": "ob_start(fn($b)=>$b.'1'); echo 'a'; (function(){ ob_start(); echo 'b'; exit('c'); })();",
    "exit in __get": "(new class { function __get($n) { exit($n); } })->abc;",
    "exit in iterator": "foreach (new class implements IteratorAggregate { function getIterator(): Iterator { yield 1; "
        "exit('it'); } } as $x) echo $x;",
    "exit in json": "json_encode(new class implements JsonSerializable { function jsonSerialize(): mixed { "
        "exit('js'); } });",
    "exit in stream wrapper": "class_exists('W1') || eval('class W1 { public $context; function stream_open($p,$m,$o,&$q) { "
        "exit(\"wrap\"); } }'); @stream_wrapper_register('w1','W1'); fopen('w1://x','r'); echo 'never';",
    "exit in array_walk": "$a=[1,2]; array_walk($a, function($v){ echo $v; if ($v==1) exit; });",
    "exit in clone": "$o = new class { function __clone() { exit('cl'); } }; clone $o;",
    "exit in serialize": "serialize(new class { function __sleep() { exit('sl'); } });",
    "exit in tick": "declare(ticks=1); register_tick_function(function(){ exit('tick'); }); $a=1; echo 'never';",
    "exit in usort inside ob": "ob_start(); echo 'x'; $a=[3,2]; usort($a, fn()=>exit('y'));",
    "exit then shutdown headers": "register_shutdown_function(fn()=>header('X-S: 1')); exit('a');",
    "exit in nested function with destructors": "class_exists('D1') || eval('class D1 { public $n; function __construct($n){$this->n=$n;} "
        "function __destruct(){ echo $this->n; } }'); function_exists('f1') || eval('function f1() { "
        "$a=new D1(1); f2(); } function f2() { $b=new D1(2); exit(\"e\"); }'); f1();",
    "destructor exception at end": "class_exists('D4') || eval('class D4 { function __destruct(){ throw new Exception(\"d\"); } }'); "
        "$GLOBALS['g4']=new D4; echo 'end';",
    "destructor header at end out": "class_exists('D6') || eval('class D6 { function __destruct(){ header(\"X-D: 1\"); } }'); "
        "$GLOBALS['g7']=new D6; echo 'x';",
    "destructor of closure static": "(function(){ static $x; class_exists('D7') || eval('class D7 { function __destruct(){ echo "
        "\"cs\"; } }'); $x = new D7; })(); echo 'end,';",
    "shutdown order": "foreach ([1,2,3] as $i) register_shutdown_function(fn()=>print($i));",
    "shutdown throws then next": "register_shutdown_function(function(){ throw new Exception('a'); }); "
        "register_shutdown_function(function(){ echo 'second'; });",
    "shutdown status": "register_shutdown_function(fn()=>http_response_code(503)); echo '';",
    "shutdown ob": "register_shutdown_function(fn()=>print('in:'.ob_get_level())); ob_start(); echo 'a';",
    "shutdown ob clean": "register_shutdown_function(function(){ ob_clean(); echo 'only'; }); ob_start(); echo 'gone';",
    "shutdown after fatal ob": "ob_start(); echo 'gone?'; register_shutdown_function(function(){ $x = ob_get_clean(); "
        "http_response_code(500); echo 'page:', $x; }); nowhere();",
    "shutdown last error": "register_shutdown_function(function(){ $e = error_get_last(); echo $e ? "
        "$e['type'].':'.strtok($e['message'], \"\\n\") : 'none'; }); eval('class BP1 implements Countable "
        "{}');",
    "shutdown with invokable": "register_shutdown_function(new class { function __invoke($a) { echo $a; } }, 'inv');",
    "shutdown registers during exit": "register_shutdown_function(function(){ register_shutdown_function(fn()=>print('late')); "
        "exit('e'); });",
    "shutdown connection": "register_shutdown_function(fn()=>print(json_encode([connection_status(), "
        "connection_aborted()])));",
    "shutdown session": "session_id('parityshut1'); session_start(); $_SESSION=['a'=>1]; "
        "register_shutdown_function(function(){ echo json_encode([$_SESSION, session_status()]); });",
    "shutdown time limit": "set_time_limit(1); register_shutdown_function(function(){ $t=microtime(true); "
        "while(microtime(true)-$t<0.3); echo 'ok'; });",
    "header after exit": "header('X-A: 1'); exit; header('X-B: 2');",
    "http 1.0 status": "header('HTTP/1.0 404 Not Found'); echo 'x';",
    "http 2 status": "header('HTTP/2 404'); echo 'x';",
    "status header only code": "header('Status: 404'); echo 'x';",
    "response code return": "echo json_encode([http_response_code(), http_response_code(404), http_response_code()]);",
    "header empty": "@header(''); echo 'x';",
    "header trailing newline": "@header(\"X-A: 1\\r\\n\"); echo 'x';",
    "header folded": "@header(\"X-A: 1\\r\\n 2\"); echo 'x';",
    "location keeps 3xx": "http_response_code(303); header('Location: /x');",
    "location empty": "header('Location:'); echo 'x';",
    "location refresh": "header('Refresh: 5; url=/x'); echo 'x';",
    "content type text xml": "header('Content-Type: text/xml'); echo 'x';",
    "content type TEXT": "header('Content-Type: TEXT/HTML'); echo 'x';",
    "content type twice": "header('Content-Type: text/css'); header('Content-Type: text/plain'); echo 'x';",
    "content-type append": "header('Content-Type: text/css', false); echo 'x';",
    "charset empty": "ini_set('default_charset',''); echo 'x';",
    "www-authenticate": "header('WWW-Authenticate: Basic realm=\"x\"'); echo 'x';",
    "www-authenticate lower": "header('www-authenticate: Negotiate'); echo 'x';",
    "content-length then remove": "header('Content-Length: 3'); header_remove('Content-Length'); echo 'abcdef';",
    "content-encoding removes length": "header('Content-Length: 3'); header('Content-Encoding: identity'); echo 'abc';",
    "date header own": "header('Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT'); echo 'x';",
    "headers_list cookies": "setcookie('a','b'); header('X-A: 1'); header('X-A: 2'); echo json_encode(headers_list());",
    "headers_sent where": "echo 'x'; flush(); echo json_encode(headers_sent($f,$l)), is_string($f) && $f !== '';",
    "header callback throws": "header_register_callback(function(){ throw new Exception('h'); }); echo 'x';",
    "header callback twice": "header_register_callback(fn()=>header('X-1: 1')); header_register_callback(fn()=>header('X-2: "
        "1')); echo 'x';",
    "header callback status": "header_register_callback(fn()=>http_response_code(418)); echo 'x';",
    "setcookie options bad": "try { setcookie('a=b','c'); } catch (ValueError $e) { echo $e->getMessage(); }",
    "setcookie maxage": "setcookie('a','b',4102444800); setcookie('é','ü');",
    "setcookie array name": "setcookie('a[b]','c'); setrawcookie('d','e f'==='' ? '' : 'e');",
    "cache limiter none": "session_cache_limiter(''); session_id('paritynone1'); session_start(); echo 'x';",
    "cache limiter nocache": "session_cache_limiter('nocache'); session_id('paritynoc1'); session_start(); echo 'x';",
    "session cookie params": "session_set_cookie_params(['samesite'=>'Strict','secure'=>true,'httponly'=>true]); "
        "session_name('SID'); session_id('paritypar1'); session_start(); echo session_name();",
    "session destroy": "session_id('paritydes1'); session_start(); $_SESSION['x']=1; echo "
        "json_encode(session_destroy()), json_encode(session_status()), json_encode($_SESSION);",
    "session readonly": "session_id('parityro1'); session_start(['read_and_close'=>true]); echo session_status();",
    "session after output": "echo 'a'; flush(); echo json_encode(@session_start());",
    "session object": "session_id('parityobj1'); session_start(); $_SESSION['d']=new DateTime('2020-01-01'); "
        "session_write_close(); session_start(); echo get_class($_SESSION['d']);",
    "session handler class": "session_set_save_handler(new class implements SessionHandlerInterface { function open($p,$n): "
        "bool {echo 'o';return true;} function close(): bool {return true;} function read($i): "
        "string|false {return '';} function write($i,$d): bool {echo 'w',$d;return true;} function "
        "destroy($i): bool {return true;} function gc($m): int|false {return 0;} }); "
        "session_id('parityhnd1'); ob_start(); session_start(); $_SESSION['a']=1; session_write_close();",
    "session unsaved end": "session_set_save_handler(new class implements SessionHandlerInterface { function open($p,$n): "
        "bool {return true;} function close(): bool {echo 'c';return true;} function read($i): "
        "string|false {return '';} function write($i,$d): bool {echo 'w',$d;return true;} function "
        "destroy($i): bool {return true;} function gc($m): int|false {return 0;} }); "
        "session_id('parityhnd2'); session_start(); $_SESSION['a']=1; echo 'end,';",
    "session encode": "session_id('parityenc1'); session_start(); $_SESSION=['a'=>[1]]; echo session_encode();",
    "session unset globals": "session_id('parityung1'); session_start(); unset($_SESSION); echo isset($_SESSION) ? 'y':'n';",
    "php://input twice": "echo strlen(file_get_contents('php://input')), strlen(file_get_contents('php://input'));",
    "filter_input": "echo json_encode([filter_input(INPUT_SERVER,'REQUEST_METHOD'), filter_input(INPUT_GET,'x'), "
        "filter_has_var(INPUT_SERVER,'HTTP_HOST')]);",
    "getenv": "echo json_encode([getenv('REQUEST_METHOD'), getenv('QUERY_STRING'), getenv('NOWHERE')]);",
    "request_parse": "echo json_encode([$_SERVER['argc'] ?? null, isset($argv), isset($_SERVER['argv'])]);",
    "superglobal refs": "$f = function(&$x){ $x['k']=1; }; $f($_GET); $f($_POST); echo "
        "json_encode([$_GET,$_POST,$_REQUEST]);",
    "globals": "$GLOBALS['made']=5; echo $made ?? 'local', $GLOBALS['made'];",
    "auth vars": "echo json_encode([isset($_SERVER['PHP_AUTH_USER']), isset($_SERVER['AUTH_TYPE'])]);",
    "php_self": "echo json_encode([$_SERVER['PHP_SELF'], $_SERVER['SCRIPT_NAME'], "
        "basename($_SERVER['SCRIPT_FILENAME']), $_SERVER['REQUEST_URI'], $_SERVER['DOCUMENT_URI'] ?? "
        "null]);",
    "gateway": "echo $_SERVER['GATEWAY_INTERFACE'] ?? 'none', $_SERVER['SERVER_PROTOCOL'], "
        "$_SERVER['REQUEST_SCHEME'] ?? 'none', $_SERVER['HTTPS'] ?? 'off';",
    "php_sapi_name const": "echo PHP_SAPI === php_sapi_name() ? 'same':'differ';",
    "php://stderr": "fwrite(fopen('php://stderr','w'), \"e\\n\"); echo 'x';",
    "php://stdout": "fwrite(fopen('php://stdout','w'), \"\"); echo 'x';",
    "getmyuid": "echo getmyuid() === fileowner(get_included_files()[0]) ? 'same':'differ', get_current_user() "
        "!== '';",
    "getlastmod": "echo is_int(getlastmod()) ? 'i':'n', is_int(getmyinode()) ? 'i':'n';",
    "cwd": "echo basename(getcwd());",
    "include_path": "echo get_include_path();",
    "ini all access": "echo json_encode([ini_set('memory_limit','200M') !== false, ini_set('post_max_size','1') !== "
        "false, ini_set('session.auto_start','1') !== false]);",
    "ini_restore": "$o=ini_get('precision'); ini_set('precision','3'); echo 1/3; ini_restore('precision'); echo "
        "ini_get('precision')===$o?'back':'no';",
    "set_include_path": "set_include_path('/tmp'); echo get_include_path();",
    "proc_open": "$p=proc_open(['echo','hi'],[1=>['pipe','w']],$pp); echo trim(stream_get_contents($pp[1])), "
        "proc_close($p);",
    "shell_exec": "echo trim(shell_exec('echo $((1+2))'));",
    "exec code": "exec('exit 3', $o, $r); echo $r;",
    "passthru": "passthru('printf abc');",
    "system": "echo system('printf x; printf y');",
    "popen": "$p=popen('cat','w'); echo pclose($p);",
    "locale conv": "echo number_format(1234.5,1), localeconv()['decimal_point'];",
    "random": "mt_srand(5); echo mt_rand(), ',', rand(), ',', mt_rand(1,100); srand(3); echo ',', rand();",
    "shuffle seeded": "mt_srand(7); $a=[1,2,3,4,5]; shuffle($a); echo implode($a), array_rand([1,2,3]), "
        "str_shuffle('abc');",
    "tempfile": "$t=tmpfile(); fwrite($t,'x'); rewind($t); echo fread($t,1); echo "
        "is_file(stream_get_meta_data($t)['uri']) ? 'y':'n';",
    "stream context": "stream_context_set_default(['http'=>['header'=>'X: 1']]); echo "
        "json_encode(stream_context_get_options(stream_context_get_default()));",
    "ignore_user_abort": "echo ignore_user_abort(), ignore_user_abort(true), ignore_user_abort();",
    "finish then time": "echo 'a'; fastcgi_finish_request(); usleep(1000); header('X-L: 1');",
    "finish twice": "echo 'a'; echo ''; var_export(fastcgi_finish_request()); fastcgi_finish_request();",
    "finish in ob": "ob_start(); echo 'a'; fastcgi_finish_request(); echo 'b';",
    "finish then exception": "echo 'a'; fastcgi_finish_request(); throw new Exception('later');",
    "finish then fatal": "echo 'a'; fastcgi_finish_request(); eval('class BP2 implements Countable {}');",
    "finish then exit": "http_response_code(202); fastcgi_finish_request(); exit('never seen');",
    "finish in shutdown": "register_shutdown_function(function(){ echo 's'; fastcgi_finish_request(); echo 'not'; }); "
        "echo 'a';",
    "finish session": "session_id('parityfin1'); session_start(); $_SESSION['z']=1; fastcgi_finish_request(); echo "
        "session_status();",
    "autoload throws": "spl_autoload_register(function($c){ throw new Exception($c); }); try { new Nowhere1; } catch "
        "(Exception $e) { echo $e->getMessage(); }",
    "class alias": "class_exists('AL1') || class_alias('stdClass','AL1'); echo get_class(new AL1);",
    "define": "defined('DEF1') || define('DEF1', [1]); echo json_encode(DEF1);",
    "date default": "echo date_default_timezone_get(), date('T', 0);",
    "timezone": "date_default_timezone_set('Asia/Tokyo'); echo date('H', 0);",
    "mb settings": "mb_internal_encoding('SJIS'); mb_substitute_character(0x3f); echo mb_internal_encoding(), "
        "mb_strlen('é'), json_encode(mb_http_output());",
    "iconv": "echo iconv('UTF-8','ASCII//TRANSLIT','é'), ini_get('iconv.output_encoding');",
    "libxml": "libxml_use_internal_errors(true); simplexml_load_string('<a>'); echo "
        "count(libxml_get_errors());",
    "preg error": "preg_match('/(?:\\D+|<\\d+>)*[!?]/', 'foobar foobar foobar'); echo preg_last_error_msg();",
    "json error": "json_decode('{'); echo json_last_error_msg();",
    "umask": "umask(077); echo decoct(umask());",
    "chdir": "chdir('/'); echo getcwd();",
    "putenv": "putenv('PARITY_X=1'); echo getenv('PARITY_X'), json_encode(isset($_ENV['PARITY_X']));",
    "setlocale num": "setlocale(LC_ALL,'C'); echo 1.5, sprintf('%f', 1.5);",
    "error suppressed include": "echo json_encode(@include '/nowhere');",
    "long header": "header('X-Long: ' . str_repeat('a', 3000)); echo 'x';",
    "many headers": "for ($i=0;$i<60;$i++) header(\"X-H$i: $i\"); echo 'x';",
    "binary zero": "echo \"a\\0b\";",
    "big chunks flushes": "for($i=0;$i<50;$i++){ echo str_repeat((string)($i%10), 5000); flush(); }",
    "big in ob": "ob_start(); for($i=0;$i<50;$i++) echo str_repeat((string)($i%10), 50000); echo ob_get_length();",
    "zlib output": "ini_set('zlib.output_compression','4096'); echo str_repeat('z', 100000);",
    "zlib with ob": "ini_set('zlib.output_compression','1'); ob_start(); echo 'abc';",
    "zlib on after header": "echo 'a'; flush(); echo json_encode(@ini_set('zlib.output_compression','1'));",
    "ob_gzhandler twice": "ob_start('ob_gzhandler'); @ob_start('ob_gzhandler'); echo 'x';",
    "304 with body": "http_response_code(304); echo 'body';",
    "204 with body": "http_response_code(204); echo 'body';",
    "205": "http_response_code(205); echo '';",
    "500 own": "http_response_code(500); echo 'mine';",
    "599": "http_response_code(599); echo 'x';",
    "999": "http_response_code(999); echo 'x';",
    "999 by line": "header('HTTP/1.1 999 Request denied'); echo 'x';",
    "660 by Status": "header('Status: 660'); echo 'x';",
    "uncaught after status": "http_response_code(404); throw new Exception('x');",
    "uncaught in ob": "ob_start(); echo 'a'; throw new Exception('x');",
    "uncaught in nested ob callback": "ob_start(fn($b)=>\"[$b]\"); echo 'a'; throw new Exception('x');",
    "fatal in ob callback buffer": "ob_start(fn($b)=>\"[$b]\"); echo 'a'; eval('class BP3 implements Countable {}');",
    "uncaught with custom content-type": "header('Content-Type: application/json'); throw new Exception('x');",
    "phpinfo": "ob_start(); phpinfo(INFO_GENERAL); echo strlen(ob_get_clean()) > 100 ? 'html':'no';",
    "phpcredits": "ob_start(); phpcredits(); echo str_contains(ob_get_clean(), '<') ? 'html':'text';",
    "ini html_errors in text": "echo ini_get('html_errors') ? 'h':'t';",
    "highlight_file none": "echo json_encode(@highlight_file('/nowhere'));",
    "show_source": "echo strlen(show_source('/etc/hostname', true)) > 0;",
    "time request": "echo abs($_SERVER['REQUEST_TIME'] - time()) < 5, is_float($_SERVER['REQUEST_TIME_FLOAT']);",
    "weakmap": "$w=new WeakMap; $k=new stdClass; $w[$k]=1; unset($k); echo count($w);",
    "enum": "enum_exists('En1') || eval('enum En1: string { case A=\"a\"; }'); echo En1::from('a')->name; "
        "echo json_encode(En1::tryFrom('b'));",
    "static fn": "function_exists('cnt1') || eval('function cnt1() { static $n=0; return ++$n; }'); echo cnt1(), "
        "cnt1();",
    "output after shutdown ob": "ob_start(); register_shutdown_function(function(){ while (ob_get_level()) ob_end_clean(); echo "
        "'clean'; }); echo 'dirty';",
    "connection_status after flush": "echo 'a'; flush(); echo connection_status();",
    "echo in autoload": "spl_autoload_register(function($c){ echo \"<$c>\"; }); class_exists('NoSuch2'); echo 'x';",
    "throw in __toString echo": "try { echo new class { function __toString(): string { throw new Exception('ts'); } }; } catch "
        "(Exception $e) { echo $e->getMessage(); }",
    "nested exception finally": "try { try { throw new Exception('a'); } finally { throw new Exception('b'); } } catch "
        "(Exception $e) { echo $e->getMessage(), $e->getPrevious()->getMessage(); }",
    "cb throws end": "ob_start(function($b){ throw new Exception('cb'); }); echo 'text';",
    "cb throws end twice": "ob_start(function($b){ throw new Exception('cb1'); }); ob_start(function($b){ throw new Exception('cb2'); }); echo "
        "'text';",
    "cb throws end outer": "ob_start(function($b){ throw new Exception('cb1'); }); ob_start(fn($b)=>\"[$b]\"); echo 'text';",
    "cb throws end inner": "ob_start(fn($b)=>\"[$b]\"); ob_start(function($b){ throw new Exception('cb1'); }); echo 'text';",
    "cb fatal end": "ob_start(function($b){ nope(); }); echo 'text';",
    "cb fatal real end": "ob_start(function($b){ eval('class BPX implements Countable {}'); }); echo 'text';",
    "cb exit end": "ob_start(function($b){ exit('bye'); }); echo 'text';",
    "cb throws in flush": "ob_start(function($b){ throw new Exception('cb'); }); echo 'text'; try { ob_flush(); } catch (Exception $e) { echo "
        "'caught', $e->getMessage(); }",
    "cb throws in get_clean": "ob_start(function($b){ throw new Exception('cb'); }); echo 'text'; try { $x = ob_get_clean(); } catch (Exception $e) {"
        " echo 'caught', $e->getMessage(); } echo '|';",
    "cb ob_start inside": "ob_start(function($b){ ob_start(); echo 1; return ob_get_clean().$b; }); echo 'text';",
    "cb warns": "ob_start(function($b){ echo $u; return $b . 'x'; }); echo 'text';",
    "cb triggers error handler that throws": "set_error_handler(function($n,$m){ throw new Exception($m); }); ob_start(function($b){ return $b . $u; }); echo "
        "'text';",
    "cb throws displayed": "ini_set('display_errors','1'); ini_set('html_errors','0'); ob_start(function($b){ throw new Exception('cb'); }); echo "
        "'text';",
    "cb throws with exception handler": "set_exception_handler(fn($e)=>print('H:'.$e->getMessage())); ob_start(function($b){ throw new Exception('cb'); }); "
        "echo 'text';",
    "cb throws after exit": "ob_start(function($b){ throw new Exception('cb'); }); echo 'text'; exit;",
    "cb throws after throw": "ob_start(function($b){ throw new Exception('cb'); }); echo 'text'; throw new Exception('main');",
    "shutdown ob throws": "register_shutdown_function(function(){ ob_start(function($b){ throw new Exception('cb'); }); echo 'late'; }); echo "
        "'text';",
    "shutdown throws": "register_shutdown_function(function(){ throw new Exception('s'); }); echo 'text';",
    "shutdown throws two": "register_shutdown_function(function(){ throw new Exception('s'); }); register_shutdown_function(function(){ echo "
        "'second'; }); echo 'text';",
    "shutdown exit two": "register_shutdown_function(function(){ exit(1); }); register_shutdown_function(function(){ echo 'second'; }); echo 'text';",
    "shutdown adds": "register_shutdown_function(function(){ register_shutdown_function(function(){ echo 'nested'; }); }); echo 'text';",
    "header cb throws": "header_register_callback(function(){ throw new Exception('h'); }); echo 'text';",
    "header cb header": "header_register_callback(function(){ header('X-A: 1'); http_response_code(203); }); echo 'text';",
    "destructor throws end": "$o = new class { function __destruct() { throw new Exception('d'); } }; echo 'text';",
    "destructor exit end": "$o = new class { function __destruct() { echo 'd'; exit; } }; $p = new class { function __destruct() { echo 'second'; "
        "} }; echo 'text';",
    "destructor local throws": "function fdt() { $o = new class { function __destruct() { throw new Exception('d'); } }; } fdt(); echo 'never';",
    "tick": "declare(ticks=1); register_tick_function(function(){ echo '.'; }); $a=1; $b=2; echo 'x';",
    "generator left": "$g = (function() { try { yield 1; yield 2; } finally { echo 'fin'; } })(); $g->current(); echo 'x';",
    "fiber left": "$f = new Fiber(function(){ try { Fiber::suspend(1); } finally { echo 'fin'; } }); $f->start(); echo 'x';",
    "error_log type0": "error_log('line'); echo 'x';",
    "error_log type3": "error_log('l', 3, '/dev/null'); echo 'x';",
    "error_log sapi": "error_log('l', 4); echo 'x';",
    "log ini": "ini_set('error_log', '/dev/null'); ini_set('log_errors', 0); echo $u; echo 'x';",
    "display via stdout const": "ini_set('display_errors', 'stdout'); ini_set('html_errors', 0); echo $undefinedvar; echo 'x';",
    "headers after output ob": "echo 'a'; header('X-Late: 1'); echo json_encode(headers_sent($f, $l)), $l;",
    "headers_list": "header('X-A: 1'); header('X-A: 2', false); header_remove('X-Powered-By'); echo json_encode(headers_list());",
    "status line header": "header('HTTP/1.1 418 Teapot'); echo http_response_code();",
    "status header": "header('Status: 418 Tea'); echo http_response_code();",
    "location": "header('Location: /x'); echo 'moved';",
    "location 301": "header('Location: /x', true, 301);",
    "location 201": "http_response_code(201); header('Location: /x'); echo http_response_code();",
    "www auth": "header('WWW-Authenticate: Basic realm=\"x\"'); echo http_response_code();",
    "content-type charset": "header('Content-Type: text/plain'); echo 'x';",
    "content-type own": "header('Content-Type: text/plain; charset=latin1'); echo 'x';",
    "content-type image": "header('Content-Type: image/png'); echo 'x';",
    "default_charset": "ini_set('default_charset','latin1'); echo 'x';",
    "default_mimetype": "ini_set('default_mimetype','text/x'); echo 'x';",
    "content-length short": "header('Content-Length: 3'); echo 'abc';",
    "setcookie options": "setcookie('a','b "
        "c',['expires'=>2000000000,'path'=>'/p','domain'=>'d.e','secure'=>true,'httponly'=>true,'samesite'=>'Lax']); "
        "setrawcookie('r','x%20');",
    "setcookie delete": "setcookie('a',''); setcookie('b','x',1); echo 'x';",
    "setcookie bad": "try { setcookie('a=b','x'); } catch (ValueError $e) { echo $e->getMessage(); }",
    "session regenerate": "session_id('parityrg'); session_start(); $_SESSION['a']=1; session_write_close(); session_start(); echo "
        "json_encode($_SESSION); session_destroy();",
    "session cache limiter": "session_cache_limiter('public'); session_cache_expire(5); session_id('paritycl'); session_start(); echo 'x';",
    "session custom handler": "session_set_save_handler(new class implements SessionHandlerInterface { function open($a,$b):bool{echo 'o';return "
        "true;} function close():bool{echo 'c';return true;} function read($i):string|false{return '';} function "
        "write($i,$d):bool{echo 'w';return true;} function destroy($i):bool{return true;} function gc($m):int|false{return 0;} "
        "}, true); session_id('paritych'); ob_start(); session_start(); $_SESSION['x']=1;",
    "trans sid": "ini_set('session.use_trans_sid','1'); ini_set('session.use_only_cookies','0'); ini_set('session.use_cookies','0'); "
        "session_id('paritysid'); session_start(); echo '<a href=\"x.php\">';",
    "max_input": "echo ini_get('max_input_vars'), count($_GET);",
    "php_sapi": "echo strlen(PHP_BINARY)>0, PHP_OS, PHP_MAJOR_VERSION, DIRECTORY_SEPARATOR;",
    "stdin": "echo strlen(file_get_contents('php://input'));",
    "output stream": "$o = fopen('php://output','w'); fwrite($o, 'direct'); fclose($o); echo 'x'; file_put_contents('php://output', 'y');",
    "register many": "for($i=0;$i<100;$i++) register_shutdown_function(function() use($i){ echo $i % 10; });",
    "flush partial then fatal": "echo 'a'; flush(); eval('class BPZ implements Countable {}');",
    "flush partial then throw": "echo 'a'; flush(); throw new Exception('x');",
    "big then throw": "echo str_repeat('a', 100000); throw new Exception('x');",
    "exit status string": "ob_start(fn($b)=>strtoupper($b)); exit('bye');",
    "exit int": "echo 'a'; exit(3);",
    "die in ob level": "ob_start(); echo 'a'; ob_start(); echo 'b'; die('c');",
    "unset GLOBALS": "unset($GLOBALS['_GET']); echo isset($_GET) ? 'y' : 'n';",
    "server write": "$_SERVER['X']=1; $_GET['new']=1; $_REQUEST['r']=2; echo count($_REQUEST);",
    "extract": "extract($_GET); echo $x;",
    "import globals": "global $x; echo json_encode($x ?? null);",
    "include twice": "file_put_contents(sys_get_temp_dir().'/parity-inc.php','<?php return 5;'); echo include "
        "sys_get_temp_dir().'/parity-inc.php', require_once sys_get_temp_dir().'/parity-inc.php', json_encode(require_once "
        "sys_get_temp_dir().'/parity-inc.php');",
    "get_included": "echo count(get_included_files()) > 0;",
    "compile error include": "file_put_contents(sys_get_temp_dir().'/parity-bad.php','<?php $a = ;'); try { include "
        "sys_get_temp_dir().'/parity-bad.php'; } catch (ParseError $e) { echo 'PE', $e->getLine(); }",
    "compile error uncaught": "file_put_contents(sys_get_temp_dir().'/parity-bad.php','<?php $a = ;'); include sys_get_temp_dir().'/parity-bad.php';",
    "recursion": "ini_set('memory_limit','16M'); function rec1($n) { return rec1($n+1) . str_repeat('x', 100); } rec1(0);",
    "oom": "ini_set('memory_limit','8M'); $a = str_repeat('x', 64<<20);",
    "oom in ob": "ini_set('memory_limit','8M'); ob_start(); echo 'a'; $a = str_repeat('x', 64<<20);",
    "oom then shutdown": "ini_set('memory_limit','8M'); register_shutdown_function(function(){ echo json_encode(error_get_last()['type']); }); "
        "$a = str_repeat('x', 64<<20);",
    "time limit": "set_time_limit(1); register_shutdown_function(function(){ echo 'S', error_get_last()['type']; }); while(true);",
    "usleep and time": "set_time_limit(1); usleep(1100000); echo 'slept';",
    "assert again": "ini_set('zend.assertions','1'); try { assert(false, 'm'); } catch (AssertionError $e) { echo $e->getMessage(); }",
    "session cookie params again": "session_set_cookie_params(['path'=>'/z','samesite'=>'Strict']); session_id('parityqq'); session_start(); echo "
        "session_name();",
    "filter_input again": "echo filter_input(INPUT_GET,'x',FILTER_VALIDATE_INT), json_encode(filter_input_array(INPUT_GET)), "
        "json_encode(filter_has_var(INPUT_POST,'q'));",
    "getmyuid again": "echo getmyuid() === getmyuid(), get_current_user() !== '', getlastmod() > 0;",
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.memory_limit] if name == "recursion" else []) for name in SCRIPTS])
def test_script(pair, name):  # noqa: F811
    d, fpm = pair
    data = R("/run?x=1", "GET", [("X-Code", base64.b64encode(SCRIPTS[name].encode()))])
    theirs = normal(ask(fpm.address, data))
    assert [normal(ask(d.address, data)) for _ in range(2)] == [theirs] * 2
