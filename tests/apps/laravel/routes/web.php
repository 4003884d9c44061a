<?php

declare(strict_types=1);

use App\Http\Controllers\AuthController;
use App\Http\Controllers\FileController;
use App\Http\Controllers\NoteController;
use App\Http\Controllers\PageController;
use App\Http\Controllers\StreamController;
use Illuminate\Support\Facades\Route;

Route::get('/', [PageController::class, 'home'])->name('home');
Route::get('dd', [PageController::class, 'dump'])->name('dd');
Route::get('exit', [PageController::class, 'leave'])->name('exit');
Route::get('error', [PageController::class, 'fail'])->name('error');

Route::get('login', [AuthController::class, 'form'])->name('login');
Route::post('login', [AuthController::class, 'login']);
Route::post('logout', [AuthController::class, 'logout'])->name('logout');
Route::get('me', [AuthController::class, 'me'])->middleware('auth')->name('me');

Route::get('notes', [NoteController::class, 'index'])->name('notes');
Route::post('notes', [NoteController::class, 'store']);

Route::get('files', [FileController::class, 'index'])->name('files');
Route::post('files', [FileController::class, 'store']);
Route::get('files/{name}', [FileController::class, 'download'])->where('name', '[A-Za-z0-9._-]+')->name('download');

Route::get('events', [StreamController::class, 'page'])->name('events');
Route::get('events/stream', [StreamController::class, 'stream'])->name('events.stream');
