<?php

use App\Http\Controllers\TestController;
use Illuminate\Support\Facades\Route;

Route::get('ws', static fn () => 'websocket')->middleware('web');
Route::post('code', [App\Http\Controllers\HostedController::class, 'code']);
Route::post('form', [TestController::class, 'form']);
Route::get('server', [TestController::class, 'server']);
Route::get('fire', [TestController::class, 'fire']);
Route::get('deliver', [TestController::class, 'deliver']);
Route::get('json', [TestController::class, 'json']);
Route::get('push', [TestController::class, 'push']);
Route::get('test', [TestController::class, 'test']);
Route::get('testProcessWrite', [TestController::class, 'testProcessWrite']);

Route::get('/debug-memory-leak', function () {
    global $previous;
    $current = memory_get_usage();
    $stats = [
        'prev_mem' => $previous,
        'curr_mem' => $current,
        'diff_mem' => $current - $previous,
    ];
    $previous = $current;
    return $stats;
});
