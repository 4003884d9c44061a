<?php
// What PHP code can see of a request, as JSON. Bytes that are no UTF-8 are shown as \xNN.
$first = file_get_contents('php://input');
$again = file_get_contents('php://input');
$stream = fopen('php://input', 'rb');
$begin = fread($stream, 5);
rewind($stream);
$rest = stream_get_contents($stream);
fclose($stream);

$files = static function ($tmp, $error) use (&$files) {
    if (is_array($tmp)) {
        return array_map($files, $tmp, $error);
    }
    return $error ? ['tmp_name' => $tmp] : [
        'md5' => md5_file($tmp), 'uploaded' => is_uploaded_file($tmp), 'size' => filesize($tmp),
        'mode' => decoct(fileperms($tmp)), 'prefix' => substr(basename($tmp), 0, 3),
    ];
};
$shown = $_FILES;
foreach ($shown as $name => $file) {
    $shown[$name]['tmp_name'] = $files($file['tmp_name'], $file['error']);
}

$ini = [];
foreach (['memory_limit', 'max_execution_time', 'display_errors', 'html_errors', 'log_errors', 'error_reporting',
    'max_input_vars', 'max_input_nesting_level', 'post_max_size', 'upload_max_filesize', 'max_file_uploads', 'variables_order',
    'request_order', 'default_charset', 'default_mimetype', 'precision', 'short_open_tag', 'date.timezone', 'enable_post_data_reading',
    'session.save_path', 'session.use_strict_mode', 'zend.assertions', 'arg_separator.input', 'expose_php',
    'auto_prepend_file', 'user_agent', 'serialize_precision'] as $key) {
    $ini[$key] = ini_get($key);
}

$all = [
    'server' => $_SERVER, 'get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE, 'request' => $_REQUEST, 'env' => $_ENV,
    'files' => $shown,
    'session' => isset($_SESSION),
    'input' => [strlen($first), md5($first), $again === $first, $begin, $rest === $first],
    'raw' => isset($HTTP_RAW_POST_DATA),
    'filter' => [
        filter_input(INPUT_GET, 'a'), filter_input(INPUT_GET, 'n', FILTER_VALIDATE_INT), filter_input(INPUT_POST, 'a'),
        filter_input(INPUT_COOKIE, 'a'), filter_input(INPUT_SERVER, 'REQUEST_METHOD'), filter_has_var(INPUT_GET, 'a'),
        filter_input_array(INPUT_GET), filter_input_array(INPUT_POST), filter_input_array(INPUT_COOKIE),
    ],
    'headers' => function_exists('getallheaders') ? getallheaders() : 'no getallheaders()',
    'code' => http_response_code(),
    'list' => headers_list(),
    'sent' => headers_sent(),
    'ini' => $ini,
    'time' => [is_int($_SERVER['REQUEST_TIME'] ?? null), is_float($_SERVER['REQUEST_TIME_FLOAT'] ?? null),
        abs(time() - ($_SERVER['REQUEST_TIME'] ?? 0)) < 5],
    'level' => ob_get_level(),
    'cwd' => basename(getcwd()),
    'connection' => [connection_status(), connection_aborted(), ignore_user_abort()],
    'errors' => error_get_last(),
];
$text = static function ($value) use (&$text) {
    if (is_array($value)) {
        $out = [];
        foreach ($value as $k => $v) {
            $out[is_string($k) ? $text($k) : $k] = $text($v);
        }
        return $out;
    }
    return is_string($value) && !mb_check_encoding($value, 'UTF-8') ? addcslashes($value, "\x80..\xff") : $value;
};
header('Content-Type: application/json');
echo json_encode($text($all), JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
