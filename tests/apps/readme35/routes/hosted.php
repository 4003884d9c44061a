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
