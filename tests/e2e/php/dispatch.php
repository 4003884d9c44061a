<?php
/** "/name/anything?x=y" runs cases/name.php. */
function run_case(): void
{
    $path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    $name = explode('/', ltrim(is_string($path) ? $path : '', '/'))[0];
    if (!preg_match('/^[a-z0-9_]+$/', $name)) {
        $name = 'dump';
    }
    $file = __DIR__ . "/cases/$name.php";
    if (!is_file($file)) {
        http_response_code(404);
        echo "no case $name";
        return;
    }
    require $file;
}
